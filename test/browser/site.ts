// A site on this machine with one page, served isolated (memory may be shared) and plain.

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";

/** What makes a page cross-origin isolated. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The page under both sets of headers. */
export interface Site {
  isolated: string;
  plain: string;
  close(): Promise<void>;
}

async function bundlePage(): Promise<string> {
  const result = await build({
    entryPoints: ["test/browser/page.ts"],
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    minify: true,
    write: false,
    logLevel: "warning",
  });
  return result.outputFiles[0]!.text;
}

function send(response: ServerResponse, type: string, headers: object, text: string): void {
  response.writeHead(200, { "Content-Type": `${type}; charset=utf-8`, ...headers });
  response.end(text);
}

/** Bundles the page from the sources and serves it on a free port of the loopback interface. */
export async function openSite(): Promise<Site> {
  const script = await bundlePage();
  const tag = '<script type="module" src="/page.js"></script>';
  const html = `<!doctype html><title>Driftkeel</title>${tag}`;
  const server: Server = createServer((request, response) => {
    if (request.url === "/page.js") {
      const sharing = { ...ISOLATION, "Cross-Origin-Resource-Policy": "same-origin" };
      send(response, "text/javascript", sharing, script);
    } else if (request.url === "/isolated") send(response, "text/html", ISOLATION, html);
    else if (request.url === "/plain") send(response, "text/html", {}, html);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    isolated: `http://127.0.0.1:${port}/isolated`,
    plain: `http://127.0.0.1:${port}/plain`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
