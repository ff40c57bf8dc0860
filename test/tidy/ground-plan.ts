// The ground plan: what lies at the top, what is generated, and what must not be in any file.

import { type Finding, matchingLines, type Rule } from "./rule.ts";

const maxScripts = 10;

/** Everything that lies at the top of the repository. */
const top = [
  ".ci",
  ".gitignore",
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "asconfig.json",
  "assembly",
  "bench",
  "biome.json",
  "build",
  "docs",
  "esbuild.config.ts",
  "knip.json",
  "package-lock.json",
  "package.json",
  "src",
  "test",
  "tsconfig.json",
  "vitest.config.ts",
];

const topLevel: Rule = {
  name: "the top level is exactly what the architecture lists",
  check(files) {
    const present = new Set(files.map(({ path }) => path.split("/")[0] as string));
    const extra = [...present].filter((name) => !top.includes(name));
    const absent = top.filter((name) => !present.has(name));
    return [
      ...extra.map((path) => ({ path, line: 1, advice: "Move it into a folder, or drop it." })),
      ...absent.map((path) => ({ path, line: 1, advice: "It is missing; create it." })),
    ];
  },
  examples: [
    { files: Object.fromEntries(top.map((path) => [path, ""])), found: [] },
    {
      files: { ...Object.fromEntries(top.slice(1).map((path) => [path, ""])), "tools/a.ts": "" },
      found: ["tools:1", ".ci:1"],
    },
  ],
};

const generatedOnly: Rule = {
  name: "build/ holds generated files only",
  check: (files) =>
    files.flatMap(({ path }) =>
      path.startsWith("build/") && path !== "build/.gitignore"
        ? [
            {
              path,
              line: 1,
              advice: "It is tracked; git rm --cached it and let the build make it.",
            },
          ]
        : [],
    ),
  examples: [
    {
      files: { "build/.gitignore": "*\n", "build/core/release.wat": "" },
      found: ["build/core/release.wat:1"],
    },
  ],
};

// Written so that the patterns do not match themselves.
const machinePath = /(^|[^A-Za-z0-9_.])\/(work|farm|root)\//;
const registryHost = /https?:\/\/[a-z0-9.-]*(npmj[s]|py[p]i|mave[n]|debia[n]|crate[s]|golan[g])/;

const noMachine: Rule = {
  name: "no file names a path of a machine or the host of a package registry",
  check: (files) =>
    files.flatMap((file) => [
      ...matchingLines(file, machinePath, "Write the path relative to the repository."),
      ...matchingLines(file, registryHost, "Name the package, not the host it came from."),
    ]),
  examples: [
    {
      files: {
        "README.md": `cd /${"work"}/main\nsrc/work/a.ts\n`,
        "package-lock.json": `"resolved": "https://registry.${"npmjs"}.org/zod"\n`,
      },
      found: ["README.md:1", "package-lock.json:1"],
    },
  ],
};

const fewScripts: Rule = {
  name: `package.json has at most ${maxScripts} scripts`,
  check(files): Finding[] {
    const manifest = files.find(({ path }) => path === "package.json");
    const count = Object.keys(JSON.parse(manifest?.text ?? "{}").scripts ?? {}).length;
    if (count <= maxScripts) return [];
    const advice = `${count} scripts; make the rarest ones options of the others.`;
    return [{ path: "package.json", line: 1, advice }];
  },
  examples: [10, 11].map((count) => ({
    files: {
      "package.json": JSON.stringify({
        scripts: Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, "true"])),
      }),
    },
    found: count > maxScripts ? ["package.json:1"] : [],
  })),
};

export const groundPlan: Rule[] = [topLevel, generatedOnly, noMachine, fewScripts];
