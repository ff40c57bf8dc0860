// The packed package, installed into an empty project and used the ways people use it.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const repositoryModules = resolve("node_modules");

/** What the page of a user may load: the core and everything around it (kernels.md, "Speed"). */
const browserBudgetBytes = 80 * 1024;

/** The checks are text; the core alone would be more than this. */
const testingBudgetBytes = 40 * 1024;

/** A script takes a fraction of a second; one that something keeps alive never ends. */
const scriptLimitMs = 10_000;

let project: string;
let installed: string;

/** Runs a script of the project with Node and returns what it printed, as JSON. */
async function runScript(file: string): Promise<{ abiVersion: number; output: number[] }> {
  const script = run(process.execPath, [file], { cwd: project, timeout: scriptLimitMs });
  const { stdout } = await script.catch((error) => {
    throw error.killed ? new Error(`${file} did not end by itself; what keeps it alive?`) : error;
  });
  return JSON.parse(stdout);
}

/** Packs the built package and unpacks it as an installation would; its dependencies are links. */
async function install(): Promise<void> {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", project]);
  const tarball = (await readdir(project)).find((file) => file.endsWith(".tgz")) as string;
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", join(project, tarball), "-C", installed, "--strip-components=1"]);
  const { dependencies } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), "@types/node", "vitest"]) {
    const link = join(project, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(repositoryModules, name), link, "dir");
  }
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), "driftkeel-package-"));
  installed = join(project, "node_modules", "driftkeel");
  await install();
  await cp("test/package/consumer", project, { recursive: true });
});

afterAll(() => rm(project, { recursive: true, force: true }));

describe("the tarball", () => {
  it("holds what is built and what the licence asks for, nothing else", async () => {
    const top = await readdir(installed);
    expect(top.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "build", "package.json"]);
    expect(await readdir(join(installed, "build"))).toEqual(["dist"]);
  });

  it("names no machine and no folder of the repository", async () => {
    const dist = join(installed, "build", "dist");
    for (const file of await readdir(dist, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const text = await readFile(join(file.parentPath, file.name), "utf8");
      expect(text.includes(process.cwd()), file.name).toBe(false);
    }
  });

  it("keeps the browser bundle within its budget", async () => {
    const bundle = await readFile(join(installed, "build/dist/browser.min.js"));
    expect(gzipSync(bundle, { level: 9 }).length).toBeLessThanOrEqual(browserBudgetBytes);
  });

  it("brings a command that runs", async () => {
    const cli = join(installed, "build/dist/cli.js");
    const { stdout } = await run(process.execPath, [cli, "--help"], { cwd: project });
    expect(stdout).toMatch(/driftkeel.*replay/s);
  });
});

describe("the installed package", () => {
  it("works as an ES module", async () => {
    const { abiVersion, output } = await runScript("use.mjs");
    expect(abiVersion).toBeGreaterThan(0);
    expect(output).toHaveLength(3);
    expect(output.every((value) => Math.abs(value) < 1)).toBe(true);
  });

  it("gives the same numbers as CommonJS", async () => {
    expect(await runScript("use.cjs")).toEqual(await runScript("use.mjs"));
  });

  it("gives the same numbers when bundled for Node", async () => {
    const result = await bundle("use.mjs", "node", "node-bundle.mjs");
    expect(await runScript("node-bundle.mjs")).toEqual(await runScript("use.mjs"));
    expect(packagesIn(Object.keys(result.metafile.inputs))).toEqual([
      "@assemblyscript/loader",
      "driftkeel",
      "zod",
    ]);
  });

  it("gives the same numbers when bundled for a browser, without Node's modules", async () => {
    const result = await bundle("page.mjs", "browser", "browser-bundle.mjs");
    expect(await runScript("browser-bundle.mjs")).toEqual(await runScript("use.mjs"));
    const [output] = Object.values(result.metafile.outputs);
    expect(output?.imports).toEqual([]);
    expect(packagesIn(Object.keys(result.metafile.inputs))).toEqual(["driftkeel"]);
  });
});

describe("driftkeel/testing", () => {
  /** What a test run of the project printed, and whether it passed. */
  async function runTests(...args: string[]): Promise<{ passed: boolean; printed: string }> {
    // The runner of this file must not reach the runs below it.
    const { NODE_TEST_CONTEXT: _, VITEST: __, ...env } = process.env;
    const options = { cwd: project, env: { ...env, NO_COLOR: "1" }, timeout: 3 * scriptLimitMs };
    return run(process.execPath, args, options).then(
      ({ stdout }) => ({ passed: true, printed: stdout }),
      ({ stdout, stderr }) => ({ passed: false, printed: `${stdout}${stderr}` }),
    );
  }

  it.each(["own-detector.test.mjs", "own-detector.test.cjs"])(
    "tests a part of the user's own with node:test: %s",
    async (file) => {
      const { passed, printed } = await runTests("--test", "--test-reporter=tap", file);
      expect(passed, printed).toBe(true);
      expect(Number(/^# pass (\d+)$/m.exec(printed)?.[1])).toBeGreaterThan(9);
    },
  );

  it("tests a part of the user's own with vitest", async () => {
    const vitest = join(repositoryModules, "vitest", "vitest.mjs");
    const { passed, printed } = await runTests(vitest, "run", "own-detector.spec.mjs");
    expect(passed, printed).toBe(true);
    expect(printed).toMatch(/Tests +10 passed/);
  });

  it("fails a wrong one, and says which rule it breaks", async () => {
    const args = ["--test", "--test-reporter=tap", "wrong-detector.test.mjs"];
    const { passed, printed } = await runTests(...args);
    expect(passed).toBe(false);
    expect(printed).toMatch(/^ *not ok \d+ - Forgetful goes on after a restore/m);
  });

  it("brings no second core: nothing but the checks", async () => {
    const entry = join(installed, "build", "dist", "testing.js");
    const result = await bundle(entry, "browser", "testing-bundle.mjs");
    const [output] = Object.values(result.metafile.outputs);
    expect(output?.imports).toEqual([]);
    expect(output?.bytes).toBeLessThan(testingBudgetBytes);
    expect(packagesIn(Object.keys(result.metafile.inputs))).toEqual(["driftkeel"]);
  });
});

function bundle(source: string, platform: "node" | "browser", outfile: string) {
  return build({
    absWorkingDir: project,
    entryPoints: [source],
    outfile,
    bundle: true,
    format: "esm",
    platform,
    metafile: true,
    logLevel: "silent",
    // A page has no modules to look up.
    banner: platform === "browser" ? { js: "const require = undefined;" } : {},
  });
}

/** The packages that inputs of a bundle come from; a linked one has its path in the repository. */
function packagesIn(inputs: string[]): string[] {
  const names = inputs.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/** What the compiler says about the package's declarations and one file that uses them. */
function compile(file: string, options: ts.CompilerOptions): string {
  const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true };
  const typeRoots = [join(repositoryModules, "@types")];
  const target = ts.ScriptTarget.ES2022;
  const all = { ...strict, target, typeRoots, configFilePath: join(project, "tsconfig.json") };
  const program = ts.createProgram([join(project, file)], { ...all, ...options });
  const own = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(installed) || fileName.endsWith(file));
  expect(own.length).toBeGreaterThan(1);
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...own.flatMap((each) => program.getSyntacticDiagnostics(each)),
    ...own.flatMap((each) => program.getSemanticDiagnostics(each)),
  ];
  return ts.formatDiagnostics(diagnostics, ts.createCompilerHost(all));
}

describe("the types", () => {
  it.each(["typed.mts", "typed.cts"])("compile under node16: %s", async (file) => {
    await cp(join(project, "typed.ts"), join(project, file));
    const found = compile(file, {
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      lib: ["lib.es2022.d.ts"],
      types: ["node"],
    });
    expect(found).toBe("");
  });

  it("compile for a bundler and a browser, without the types of Node", () => {
    const found = compile("typed.ts", {
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      customConditions: ["browser"],
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
      types: [],
    });
    expect(found).toBe("");
  });
});
