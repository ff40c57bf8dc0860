// Finds Prometheus and promtool, or installs Debian's package where that is possible.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A command that has ended, with everything it printed. */
export interface Finished {
  code: number | null;
  output: string;
}

/** Runs a command to its end, for at most `limitMs`. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, input, limitMs = 60_000 }: { cwd?: string; input?: string; limitMs?: number } = {},
): Finished {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { cwd, input, env, timeout: limitMs, encoding: "utf8" } as const;
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  return { code: status, output: `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`.trim() };
}

/** First line of each program's `--version`; undefined when one of them is missing. */
function versions(): string[] | undefined {
  const answers = ["prometheus", "promtool"].map((name) => run(name, ["--version"]));
  if (answers.some(({ code }) => code !== 0)) return undefined;
  return answers.map(({ output }) => output.split("\n")[0]!);
}

/** The versions that are here, or why there are none. */
export function findOrInstall(): { versions: string[] } | { skipped: string } {
  const found = versions();
  if (found) return { versions: found };
  if (process.getuid?.() !== 0)
    return { skipped: "no prometheus here, and no right to install it" };
  const isApt = run("apt-get", ["--version"]).code === 0;
  if (!isApt) return { skipped: "no prometheus here, and no apt-get to install it" };
  run("apt-get", ["update"], { limitMs: 120_000 });
  const wanted = ["install", "-y", "--no-install-recommends", "prometheus"];
  const { output } = run("apt-get", wanted, { limitMs: 480_000 });
  stopService();
  const installed = versions();
  if (installed) return { versions: installed };
  return { skipped: `prometheus could not be installed: ${output.split("\n").at(-1)}` };
}

/** The package starts a service of its own; it was not there before and is not what is tested. */
function stopService(): void {
  if (existsSync("/run/systemd/system")) run("systemctl", ["disable", "--now", "prometheus"]);
  else run("service", ["prometheus", "stop"]);
}
