// `driftkeel serve` as a process: a real socket, its end by a signal, its exit codes.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { signal } from "../config/config-file.ts";
import { ServeChild } from "./serve-child.ts";
import { batch, keyOf } from "./served.ts";

let folder: string;
const children: ServeChild[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-serve-"));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.end("SIGKILL")));
  rmSync(folder, { recursive: true, force: true });
});

async function serve(config: object, ...args: string[]): Promise<ServeChild> {
  writeFileSync(join(folder, "driftkeel.json"), JSON.stringify(config));
  const child = await ServeChild.start(folder, ...args);
  children.push(child);
  return child;
}

/** Sends a batch; the status and how many samples the server says it has. */
async function send(url: string, count: number) {
  const headers = { "Content-Type": "application/x-ndjson" };
  const request = { method: "POST", headers, body: batch(count) };
  const answer = await fetch(`${url}/api/v1/models/signal/feedback`, request);
  return {
    status: answer.status,
    accepted: ((await answer.json()) as { accepted: number }).accepted,
  };
}

async function observed(url: string): Promise<number> {
  const answer = await fetch(`${url}/api/v1/models/signal/status`);
  return ((await answer.json()) as { observed: number }).observed;
}

it("finishes what runs on SIGTERM, ends streams, keeps all, and exits with 0", async () => {
  const first = await serve({ models: { signal } });
  const events = await fetch(`${first.url}/api/v1/events`);
  const sent = send(first.url, 5000);
  while ((await observed(first.url)) === 0);
  const code = await first.end("SIGTERM");
  expect({ code, sent: await sent }).toEqual({ code: 0, sent: { status: 202, accepted: 5000 } });
  expect(await events.text()).toContain(": listening");
  await expect(fetch(first.url)).rejects.toThrow();
  const second = await serve({ models: { signal } });
  expect(await observed(second.url)).toBe(5000);
  expect(await second.end("SIGINT")).toBe(0);
});

it("has every acknowledged sample after kill -9", async () => {
  const first = await serve({ models: { signal } });
  expect((await send(first.url, 2000)).status).toBe(202);
  await first.end("SIGKILL");
  const second = await serve({ models: { signal } });
  expect(await observed(second.url)).toBe(2000);
});

it("does not wait for a client that connects and sends nothing", async () => {
  const child = await serve({ models: { signal } });
  const { port } = new URL(child.url);
  const socket = connect(Number(port), "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const ended = performance.now();
  expect(await child.end("SIGTERM")).toBe(0);
  await closed;
  expect(performance.now() - ended).toBeLessThan(8000); // requests that run would get 10 s
});

it("exits with 2 on a wrong configuration and beyond loopback without keys", async () => {
  const wrong = await serve({ models: { signal: { ...signal, lamda: 1 } } });
  expect(await wrong.end("SIGTERM")).toBe(2);
  expect(wrong.stderr).toContain("models.signal.lamda");
  const far = await serve({ models: { signal } }, "--host", "0.0.0.0");
  expect(await far.end("SIGTERM")).toBe(2);
  expect(far.stderr).toContain('"keys"');
  expect(existsSync(join(folder, "driftkeel-data"))).toBe(false);
});

it("exits with 7 while another process has the only model", async () => {
  const first = await serve({ models: { signal } }, "--json");
  expect(JSON.parse(first.stdout)).toEqual({ url: first.url, models: ["signal"], failed: [] });
  const second = await serve({ models: { signal } });
  expect(await second.end("SIGTERM")).toBe(7);
  expect(second.stderr).toContain("STORE_LOCKED");
  const both = await serve({ models: { signal, other: signal } });
  expect(both.stdout).toContain("Models: other\nNot opened: signal\n");
  expect(both.stderr).toContain("STORE_LOCKED");
});

it("asks for keys where they are declared", async () => {
  const keys = [keyOf("secret", ["read"])];
  const child = await serve({ models: { signal }, keys }, "--host", "0.0.0.0");
  const url = `${child.url.replace("0.0.0.0", "127.0.0.1")}/api/v1/models/signal/status`;
  expect((await fetch(url)).status).toBe(401);
  const headers = { Authorization: "Bearer secret" };
  expect((await fetch(url, { headers })).status).toBe(200);
});
