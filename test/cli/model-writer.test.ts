// A change of a model's folder between two events: what the log says at each moment.

import { afterEach, beforeEach, expect, it } from "vitest";
import { audited, withModel } from "../../src/cli/model-writer.ts";
import { DriftkeelError } from "../../src/errors.ts";
import { ModelBase } from "./model-base.ts";

let base: ModelBase;
beforeEach(async () => {
  base = new ModelBase();
  await base.addModel();
});
afterEach(() => base.remove());

const within = (change: () => Promise<Record<string, unknown>>) =>
  withModel({ id: "signal", path: base.folder() }, ({ audit }) =>
    audited(audit, "rollback", { to: "x" }, change),
  );
const outcomes = async () => (await base.events()).map(({ outcome }) => outcome);

it("is in the log as started before it is made, and as done when it was", async () => {
  let meanwhile: string[] = [];
  await within(async () => {
    meanwhile = await outcomes();
    return { found: 1 };
  });
  expect(meanwhile).toEqual(["started"]);
  expect(await outcomes()).toEqual(["started", "done"]);
  expect((await base.events())[1]!.details).toEqual({ to: "x", found: 1 });
});

it("is in the log as failed, with the reason, when it was not made", async () => {
  const error = new DriftkeelError("FILE_FAILED", "the disk is full");
  await expect(within(() => Promise.reject(error))).rejects.toBe(error);
  expect(await outcomes()).toEqual(["started", "failed"]);
  expect((await base.events())[1]!.details).toEqual({ to: "x", code: "FILE_FAILED" });
});
