// Serves the demo pages on this machine.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const HEADERS = {
  // Pages that are isolated from other sites may share memory between threads.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  // Nothing from any other place. Blobs: the core's threads. Compiling Wasm counts as evaluating.
  "Content-Security-Policy": "default-src 'self' blob: 'wasm-unsafe-eval'; base-uri 'none'",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

/** A server that listens. */
export interface DemoServer {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves the files of a folder, and no others, on the loopback interface. port: 0 for any free one.
 * Rejects with the error of the system, such as one with the code EADDRINUSE.
 */
export async function serveDemo(folder: string, port: number): Promise<DemoServer> {
  const files = new Map(
    readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]),
  );
  const server = createServer(({ method, url }, response) => {
    const path = (url ?? "/").replace(/\?.*$/, "");
    const name = path === "/" ? "/index.html" : path;
    const bytes = files.get(name);
    if (method !== "GET" && method !== "HEAD") {
      response.writeHead(405, { ...HEADERS, Allow: "GET, HEAD" }).end();
    } else if (bytes === undefined) {
      response.writeHead(404, { ...HEADERS, "Content-Type": "text/plain" }).end("Not found.\n");
    } else {
      const type = TYPES[extname(name)] ?? "application/octet-stream";
      const length = bytes.length;
      response.writeHead(200, { ...HEADERS, "Content-Type": type, "Content-Length": length });
      response.end(method === "HEAD" ? undefined : bytes);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
