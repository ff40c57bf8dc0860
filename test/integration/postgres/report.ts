// What a script against a real server prints, and how it ends.

import { writeSync } from "node:fs";
import { createServer } from "node:net";

/** Right away, also when the process is about to end. */
export function print(text: string): void {
  writeSync(1, `${text}\n`);
}

/** Throws with `why` when a condition does not hold; prints `what` when it does. */
export function check(what: string, holds: boolean, why: unknown = ""): void {
  if (!holds) throw new Error(`${what}: ${typeof why === "string" ? why : JSON.stringify(why)}`);
  print(`ok    ${what}`);
}

/** Checks that two values have the same JSON. */
export function checkSame(what: string, got: unknown, expected: unknown): void {
  const [ours, theirs] = [JSON.stringify(got), JSON.stringify(expected)];
  check(what, ours === theirs, `expected ${theirs}, got ${ours}`);
}

/** Checks that `call` rejects with an error of ours whose message fits. */
export async function checkRefused(
  what: string,
  code: string,
  message: RegExp,
  call: () => Promise<unknown>,
): Promise<void> {
  const error = await call().then(
    () => new Error("nothing was thrown"),
    (cause) => cause as Error & { code?: string },
  );
  const isRight = (error as { code?: string }).code === code && message.test(error.message);
  check(`${what}: ${isRight ? error.message : ""}`, isRight, `${error}`);
}

/** A port on loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Sees to it that a script leaves no server behind when it takes too long or is told to end.
 * Returns how to call that off.
 */
export function endServersAfter(limitMs: number, remove: () => Promise<unknown>): () => void {
  const give = (why: string) => () => {
    print(`FAILED: ${why}`);
    void remove().finally(() => process.exit(1));
  };
  const limit = setTimeout(give(`not done after ${limitMs / 1000} s`), limitMs);
  const signals = ["SIGINT", "SIGTERM"] as const;
  const stopped = give("told to end");
  for (const signal of signals) process.once(signal, stopped);
  return () => {
    clearTimeout(limit);
    for (const signal of signals) process.off(signal, stopped);
  };
}

/** Runs a script to its end: 1 when something was wrong. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    print(`FAILED: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
  }
}
