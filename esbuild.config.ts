// Builds everything into build/: the core (Wasm), its bytes and the worker as modules, the bundles
// and the types.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import ts from "typescript";

const dist = "build/dist";

/** Every public entry: its name under build/dist, where it runs. package.json `exports` agrees. */
const entries = [
  { name: "index", source: "src/index.ts", platform: "node" },
  { name: "browser", source: "src/browser.ts", platform: "browser" },
] as const;

/** The command: Node only, ESM only, no types. */
const cli = { name: "cli", source: "src/cli/main.ts" };

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

const shared: BuildOptions = {
  bundle: true,
  outdir: dist,
  sourcemap: true,
  target: "es2022",
  logLevel: "warning",
};

/** Bundles the worker to one script per platform and embeds its text: a thread needs no file. */
async function embedWorker(source: string): Promise<void> {
  for (const platform of ["node", "browser"] as const) {
    const result = await build({
      ...shared,
      entryPoints: [source],
      platform,
      format: platform === "node" ? "cjs" : "iife",
      external: ["node:worker_threads"], // asked for only where there is a `require`
      minify: true,
      sourcemap: false,
      write: false,
    });
    const text = JSON.stringify(result.outputFiles[0]?.text);
    const module = `build/generated/worker-source-${platform}.ts`;
    writeFileSync(module, `export const workerSource: string =\n  ${text};\n`);
  }
}

/** Keeps modules that stand beside each other apart, as `.cjs` files that require each other. */
const besideAsCjs: Plugin = {
  name: "beside-as-cjs",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, kind }) =>
      kind === "entry-point" ? undefined : { path: path.replace(/\.js$/, ".cjs"), external: true },
    );
  },
};

/**
 * Bundles the Node entries. Code that several entries share lies in chunks, so that each module
 * exists once and two subpaths see the same core. The CommonJS files are made from the finished ESM
 * files and keep these chunks.
 */
async function bundleNode(): Promise<void> {
  const node = { ...shared, platform: "node", packages: "external" } as const;
  const sources = [...entries.filter((entry) => entry.platform === "node"), cli];
  await build({
    ...node,
    entryPoints: Object.fromEntries(sources.map(({ name, source }) => [name, source])),
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
  });
  const modules = readdirSync(dist, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js") && file !== `${cli.name}.js`)
    .map((file) => join(dist, file));
  await build({
    ...node,
    entryPoints: modules,
    outbase: dist,
    format: "cjs",
    outExtension: { ".js": ".cjs" },
    plugins: [besideAsCjs],
  });
}

/** Bundles the browser entries with all they need; the minified file is for plain pages. */
async function bundleBrowser(): Promise<void> {
  const variants: BuildOptions[] = [
    { format: "esm" },
    { format: "cjs", outExtension: { ".js": ".cjs" } },
    { format: "esm", outExtension: { ".js": ".min.js" }, minify: true, metafile: true },
  ];
  for (const { name, source, platform } of entries) {
    if (platform !== "browser") continue;
    for (const variant of variants) {
      const result = await build({
        ...shared,
        ...variant,
        platform,
        entryPoints: { [name]: source },
      });
      if (result.metafile) writeNotices(`${dist}/${name}.licenses.txt`, result.metafile);
    }
    const sizeBytes = gzipSync(readFileSync(`${dist}/${name}.min.js`), { level: 9 }).length;
    console.log(`${name}.min.js: ${(sizeBytes / 1024).toFixed(1)} KB gzipped`);
  }
}

/** Writes the licence of every package that a bundle contains, as those licences ask. */
function writeNotices(path: string, metafile: Metafile): void {
  const folders = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder) folders.add(folder);
  }
  const notices = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
    return `${name} ${version}, ${license}\n\n${text}`.trim();
  });
  writeFileSync(path, `${notices.join(`\n\n${"-".repeat(100)}\n\n`)}\n`);
}

/** Replaces the extension of every relative import in a declaration file. */
function rewriteSpecifiers(file: string, text: string, extension: ".js" | ".cjs"): string {
  let result = text;
  for (const { fileName, pos } of ts.preProcessFile(text).importedFiles.reverse()) {
    if (fileName.startsWith("#")) {
      throw new Error(`${file}: public types must not name ${fileName}; declare an interface.`);
    }
    if (!fileName.startsWith(".")) continue;
    const specifier = fileName.replace(/\.[jt]s$/, extension);
    result = `${result.slice(0, pos)}"${specifier}"${result.slice(pos + fileName.length + 2)}`;
  }
  return result;
}

/** `Symbol.dispose` in a declaration asks for its library, which a user's settings may not list. */
function withLibraries(text: string): string {
  const reference = '/// <reference lib="esnext.disposable" />\n';
  return /\bSymbol\.(d|asyncD)ispose\b/.test(text) ? reference + text : text;
}

/** Writes the declarations that the entries reach, for `import` (.d.ts) and `require` (.d.cts). */
function emitTypes(): void {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ".");
  const declarations = new Map<string, string>();
  const program = ts.createProgram(
    entries.map(({ source }) => source),
    {
      ...options,
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      noCheck: true,
      rootDir: ".",
    },
  );
  const { diagnostics } = program.emit(undefined, (file, text) => {
    declarations.set(relative("", file), withLibraries(text));
  });
  if (diagnostics.length > 0) {
    throw new Error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost(options)));
  }
  const reached = entries.map(({ source }) => source.replace(/\.ts$/, ".d.ts"));
  for (const file of reached) {
    const text = declarations.get(file);
    if (text === undefined) throw new Error(`No declarations for ${file}.`);
    const esm = rewriteSpecifiers(file, text, ".js");
    for (const { fileName } of ts.preProcessFile(esm).importedFiles) {
      const next = join(dirname(file), fileName.replace(/\.js$/, ".d.ts"));
      if (fileName.startsWith(".") && !reached.includes(next)) reached.push(next);
    }
    const target = `${dist}/types/${file}`;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, esm);
    writeFileSync(target.replace(/\.ts$/, ".cts"), rewriteSpecifiers(file, text, ".cjs"));
  }
}

rmSync(dist, { recursive: true, force: true });
mkdirSync("build/generated", { recursive: true });
compileCore("release");
compileCore("debug");
embed("build/core/release.wasm", "build/generated/core-bytes.ts");
if (existsSync("src/core/worker-entry.ts")) await embedWorker("src/core/worker-entry.ts");
// npm follows build/.gitignore, which hides everything, unless a list of its own stands beside it.
writeFileSync("build/.npmignore", "");
const missing = [...entries, cli].map(({ source }) => source).filter((file) => !existsSync(file));
if (missing.length > 0) {
  console.warn(`No bundles: ${missing.join(", ")} missing.`);
} else {
  await bundleNode();
  await bundleBrowser();
  emitTypes();
}
