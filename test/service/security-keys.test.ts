// Keys are compared in constant time, and all of them are looked at.

import * as crypto from "node:crypto";
import { beforeEach, expect, it, vi } from "vitest";
import { Access } from "../../src/service/access.ts";
import { keyOf } from "./served.ts";

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof crypto>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});

const compared = vi.mocked(crypto.timingSafeEqual);
beforeEach(() => void compared.mockClear());

const names = ["first", "second", "third", "fourth"];
const access = new Access(names.map((name) => keyOf(name, ["read"])));

it("looks at every key, whichever it is, and compares digests of one length", () => {
  for (const token of [...names, "none", "f", "x".repeat(512)]) {
    compared.mockClear();
    const found = access.find({ authorization: `Bearer ${token}` });
    expect(found?.name).toBe(names.includes(token) ? token : undefined);
    expect(compared).toHaveBeenCalledTimes(names.length);
    for (const [ours, theirs] of compared.mock.calls) {
      expect([ours.byteLength, theirs.byteLength]).toEqual([32, 32]);
    }
  }
});

it("looks at none for what is no bearer key", () => {
  for (const authorization of [
    undefined,
    "",
    "Bearer",
    "Bearer a b",
    `Bearer ${"x".repeat(513)}`,
  ]) {
    expect(access.find({ authorization })).toBeUndefined();
  }
  expect(compared).not.toHaveBeenCalled();
});
