// Reads the repository as the rules see it: every text file that git tracks or would track.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { SourceText } from "./rule.ts";

/** All text files; ignored, deleted and binary ones are left out. */
export function readRepository(): SourceText[] {
  const list = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    encoding: "utf8",
  });
  return list
    .split("\0")
    .filter((path) => path !== "" && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, "utf8") }))
    .filter(({ text }) => !text.includes("\0"));
}
