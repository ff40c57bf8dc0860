// Serves the built demo pages until it is told to end: `npm run demo`.

import { once } from "node:events";
import { parseArgs } from "node:util";
import { serveDemo } from "./demo-server.ts";

const FOLDER = "build/demo";
const PORT = "8700";

function fail(message: string, exitCode: number): never {
  console.error(message);
  process.exit(exitCode);
}

/** The port that was asked for. */
function readPort(): number {
  try {
    const { values } = parseArgs({ options: { port: { type: "string", default: PORT } } });
    if (/^\d{1,5}$/.test(values.port) && Number(values.port) <= 65_535) return Number(values.port);
  } catch {}
  return fail("Expected nothing or --port <0 to 65535>, such as `npm run demo -- --port 9000`.", 2);
}

async function listen(port: number) {
  try {
    return await serveDemo(FOLDER, port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      fail(
        `Port ${port} of 127.0.0.1 is taken. End what uses it, or take another: ` +
          "npm run demo -- --port 0",
        1,
      );
    }
    if (code === "ENOENT") fail(`There is no ${FOLDER}; npm run build makes it.`, 1);
    return fail(`Cannot serve on port ${port} of 127.0.0.1: ${error}`, 1);
  }
}

const server = await listen(readPort());
console.log(`The demo pages: ${server.url}\nCtrl+C ends this.`);
const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
await once(ended.signal, "abort");
await server.close();
