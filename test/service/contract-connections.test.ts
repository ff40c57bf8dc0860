// What comes over a real connection and is no good request: broken bytes, slow ones, late ones.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Service } from "../../src/service/index.ts";
import { startService } from "../../src/service/service.ts";
import { signal } from "../config/config-file.ts";
import { batch } from "./served.ts";

const FEEDBACK = "/api/v1/models/signal/feedback";

let folder: string;
let service: Service;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-connections-"));
  const config = { name: "a.json", text: JSON.stringify({ models: { signal } }) };
  const limits = { requestTimeoutMs: 300 };
  service = await startService({ config, baseDir: folder, port: 0, limits });
});
afterEach(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

async function connected(): Promise<Socket> {
  const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.on("error", () => {}); // a reset is an end like any other
  return socket;
}

/** All that is sent until the connection ends. */
async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (part) => {
    text += part;
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

/** Status, headers and document of an answer that is all there is. */
function problemIn(answer: string) {
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  const [line = "", ...lines] = head.split("\r\n");
  const status = Number(/^HTTP\/1.1 (\d+) /.exec(line)?.[1]);
  const headers = new Map(
    lines.map((each) => each.split(": ") as [string, string]).map(([n, v]) => [n.toLowerCase(), v]),
  );
  expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(headers.get("connection")).toBe("close");
  expect(Number(headers.get("content-length"))).toBe(Buffer.byteLength(body));
  const document = JSON.parse(body);
  expect(document).toMatchObject({ type: "about:blank", status, detail: expect.any(String) });
  return document;
}

async function answerTo(bytes: string): Promise<string> {
  const socket = await connected();
  socket.write(bytes);
  return readAll(socket);
}

describe("bytes that are no request", () => {
  const head = `POST ${FEEDBACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  const cases: [string, string, number][] = [
    ["no request line", "hello\r\n\r\n", 400],
    ["another protocol", "GET / SMTP/1.0\r\n\r\n", 400],
    ["a header without a colon", "GET / HTTP/1.1\r\nHost localhost\r\n\r\n", 400],
    ["bytes of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400],
    ["two lengths", `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ["a length that is none", `${head}Content-Length: many\r\n\r\n{}`, 400],
    [
      "length and chunks",
      `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ["a broken chunk", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ["headers of 100 KB", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(100_000)}\r\n\r\n`, 431],
    ["a URL of 100 KB", `GET /${"x".repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
  ];

  it("are answered with a problem document, and the connection ends", async () => {
    for (const [name, bytes, status] of cases) {
      const document = problemIn(await answerTo(bytes));
      expect({ name, status: document.status }).toEqual({ name, status });
    }
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
  });

  it("are told of a host that is missing", async () => {
    const answer = await answerTo("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
    expect(problemIn(answer)).toMatchObject({ status: 400, detail: 'Expected the header "Host".' });
  });
});

it("does not wait longer than its time for headers or a body", async () => {
  const slow = [
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n",
    `POST ${FEEDBACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      "Content-Length: 100\r\n\r\n{",
  ];
  for (const bytes of slow) expect(problemIn(await answerTo(bytes)).status).toBe(408);
});

it("refuses a body that is too large before it has read all of it", async () => {
  const socket = await connected();
  socket.write(
    `POST ${FEEDBACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      `Connection: close\r\nContent-Length: ${100 * 2 ** 20}\r\n\r\n{`,
  );
  expect(problemIn(await readAll(socket)).status).toBe(413);
});

it("refuses a body of chunks as soon as they are too many", async () => {
  const socket = await connected();
  const answer = readAll(socket);
  socket.write(
    `POST ${FEEDBACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
  for (let count = 0; count < 20 && socket.writable; count++) {
    await new Promise((resolve) => socket.write(chunk, resolve));
  }
  expect(problemIn(await answer).status).toBe(413);
});

it("survives a client that leaves in the middle of a request", async () => {
  const socket = await connected();
  socket.write(`POST ${FEEDBACK} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{`);
  socket.resetAndDestroy();
  expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
});

it("gives the place of a stream of events free when its client hangs up", async () => {
  for (let count = 0; count < 120; count++) {
    const leave = new AbortController();
    const { status } = await fetch(`${service.url}/api/v1/events`, { signal: leave.signal });
    expect({ count, status }).toEqual({ count, status: 200 });
    leave.abort();
  }
});

it("refuses a request that comes while it ends, finishes the others, and hangs up", async () => {
  const socket = await connected();
  const all = readAll(socket);
  const body = batch(5000);
  const post = (text: string) =>
    `POST ${FEEDBACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n` +
    `Content-Length: ${text.length}\r\n\r\n${text}`;
  socket.write(post(body));
  const status = async () =>
    (await (await fetch(`${service.url}/api/v1/models/signal/status`)).json()) as {
      observed: number;
    };
  while ((await status()).observed === 0);
  const closing = service.close();
  socket.write(post(batch(1))); // on the connection whose first request still runs
  await closing;
  const [first = "", ...later] = (await all).split(/(?=HTTP\/1.1 )/);
  expect(first).toMatch(/^HTTP\/1.1 202 /);
  expect(first).toContain('"accepted":5000');
  for (const answer of later) expect(problemIn(answer).status).toBe(503);
  await expect(fetch(service.url)).rejects.toThrow();
});
