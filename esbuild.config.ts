// Builds everything into build/: the core (Wasm), its bytes as modules, the bundles and the types.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

/** Compiles the core; `release` is what ships, `debug` keeps every assertion for the tests. */
function compileCore(target: "release" | "debug"): void {
  execFileSync(process.execPath, ["node_modules/assemblyscript/bin/asc.js", "--target", target], {
    stdio: "inherit",
  });
}

/** Embeds a binary as base64 text, so that the package needs no file beside its modules. */
function embed(source: string, module: string): void {
  const text = readFileSync(source).toString("base64");
  writeFileSync(module, `export const coreBase64: string =\n  "${text}";\n`);
}

mkdirSync("build/generated", { recursive: true });
compileCore("release");
compileCore("debug");
embed("build/core/release.wasm", "build/generated/core-bytes.ts");
