// The server of the demo pages: only its own files, isolated, only on this machine.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoServer, serveDemo } from "../../src/demo/demo-server.ts";

const SERVE = ["--import", "tsx", "src/demo/serve.ts"];
const run = promisify(execFile);

describe("the server", () => {
  let folder: string;
  let server: DemoServer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "driftkeel-demo-server-"));
    writeFileSync(join(folder, "index.html"), "<!doctype html>");
    writeFileSync(join(folder, "page.js"), "export {};");
    server = await serveDemo(folder, 0);
  });

  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  /** The status of a path that is sent as it is, dots and all. */
  async function statusOf(path: string): Promise<number | undefined> {
    const asked = request({ host: "127.0.0.1", port: new URL(server.url).port, path }).end();
    const [response] = await once(asked, "response");
    response.resume();
    return response.statusCode;
  }

  it("listens on the loopback interface alone, and isolates its pages", async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { headers, status } = await fetch(server.url);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
  });

  it("serves scripts with a query, and answers HEAD without a body", async () => {
    const script = await fetch(`${server.url}page.js?seed=1`);
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(await script.text()).toBe("export {};");
    const head = await fetch(server.url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it.each(["/nothing.html", "/../package.json", "/..%2fpackage.json", "//etc/passwd", "/%00"])(
    "has nothing at %s",
    async (path) => {
      expect(await statusOf(path)).toBe(404);
    },
  );

  it("only reads", async () => {
    const { status, headers } = await fetch(server.url, { method: "POST", body: "x" });
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("is told apart from a port that is taken", async () => {
    const { port } = new URL(server.url);
    const failed = await run(process.execPath, [...SERVE, "--port", port]).catch((error) => error);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`Port ${port} of 127.0.0.1 is taken.`);
  });
});

describe("npm run demo", () => {
  it("prints its address, serves what was built, and ends on SIGINT", async () => {
    const child = spawn(process.execPath, [...SERVE, "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [text] = await once(child.stdout, "data");
      const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(String(text))!;
      expect(await (await fetch(url)).text()).toContain("Online learning");
      const ended = once(child, "exit");
      child.kill("SIGINT");
      expect(await ended).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it.each([
    ["--port", "99999"],
    ["--port", "x"],
    ["--prot", "1"],
  ])("refuses %s %s", async (...flags) => {
    const failed = await run(process.execPath, [...SERVE, ...flags]).catch((error) => error);
    expect(failed.code).toBe(2);
    expect(failed.stderr).toContain("npm run demo -- --port 9000");
  });
});
