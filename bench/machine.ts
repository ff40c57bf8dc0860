// What the numbers hold for: processor, system, runtimes, commit, load.

import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import type { Machine } from "./report.ts";

/** First line of what a command prints; undefined when it fails. */
function firstLine(command: string, ...args: string[]): string | undefined {
  const { stdout, status } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim().split("\n")[0] : undefined;
}

/** The commit that was measured; changes that are not committed are named. */
function commit(): string {
  const hash = firstLine("git", "rev-parse", "--short=12", "HEAD");
  if (hash === undefined) return "unknown";
  const changed = firstLine("git", "status", "--porcelain", "--", "assembly", "src", "bench");
  return changed ? `${hash} with uncommitted changes` : hash;
}

/** Load average over the last minute. */
export function load(): number {
  return loadavg()[0]!;
}

/** Whether other programs took so much of the machine that some rows say little. */
export function isDisturbed({ cores, loadBefore }: Machine): boolean {
  return loadBefore > 0.25 * cores;
}

/** This machine, now. */
export function describeMachine(): Machine {
  const gcc = firstLine("gcc", "--version");
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split(".").slice(0, 2).join(".")} ${process.arch}`,
    runtimes: {
      Node: process.versions.node,
      V8: process.versions.v8,
      ...(gcc !== undefined && { gcc: gcc.split(" ").at(-1)! }),
    },
    commit: commit(),
    date: new Date().toISOString().slice(0, 19).concat("Z"),
    loadBefore: load(),
    loadAfter: Number.NaN,
  };
}
