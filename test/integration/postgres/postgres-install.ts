// Finds the programs of PostgreSQL, or installs Debian's package where that is possible.

import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "../prometheus-install.ts";

const PACKAGED = "/usr/lib/postgresql";
const PROGRAMS = ["initdb", "postgres"];

/** A folder with the programs, and what they say they are. */
export interface FoundPostgres {
  folder: string;
  version: string;
}

/** The newest one of Debian's packages, or the one on the path. */
function find(): FoundPostgres | undefined {
  const packaged = existsSync(PACKAGED) ? readdirSync(PACKAGED) : [];
  const folders = [
    ...packaged.sort((a, b) => Number(b) - Number(a)).map((each) => join(PACKAGED, each, "bin")),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  const isWhole = (folder: string) => PROGRAMS.every((name) => existsSync(join(folder, name)));
  const folder = folders.find(isWhole);
  if (folder === undefined) return undefined;
  const { code, output } = run(join(folder, "postgres"), ["--version"]);
  return code === 0 ? { folder, version: output } : undefined;
}

/** The programs, or why there are none. */
export function findOrInstallPostgres(): FoundPostgres | { skipped: string } {
  const found = find();
  if (found) return found;
  if (process.getuid?.() !== 0)
    return { skipped: "no PostgreSQL here, and no right to install it" };
  if (run("apt-get", ["--version"]).code !== 0) {
    return { skipped: "no PostgreSQL here, and no apt-get to install it" };
  }
  run("apt-get", ["update"], { limitMs: 120_000 });
  const wanted = ["install", "-y", "--no-install-recommends", "postgresql"];
  const { output } = run("apt-get", wanted, { limitMs: 480_000 });
  // The package starts a cluster of its own; it was not there before and is not what is tested.
  run("service", ["postgresql", "stop"]);
  return find() ?? { skipped: `PostgreSQL could not be installed: ${output.split("\n").at(-1)}` };
}
