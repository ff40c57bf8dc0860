// Builds everything into build/: the core (Wasm), its bytes and the worker as modules, the bundles
// and the types.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { deflateRawSync, gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import ts from "typescript";
import { bundleDemo } from "./src/demo/bundle.ts";

const dist = "build/dist";

/** Every public entry: its name under build/dist, where it runs. package.json `exports` agrees. */
const entries = [
  { name: "index", source: "src/index.ts", platform: "node" },
  { name: "router", source: "src/learners/router/index.ts", platform: "node" },
  { name: "background", source: "src/learners/background/index.ts", platform: "node" },
  { name: "testing", source: "src/testing/index.ts", platform: "node" },
  { name: "gate", source: "src/learners/gate/index.ts", platform: "node" },
  { name: "nas", source: "src/learners/nas/index.ts", platform: "node" },
  { name: "service", source: "src/service/index.ts", platform: "node" },
  { name: "kafka", source: "src/integrations/kafka/index.ts", platform: "node" },
  { name: "mlflow", source: "src/integrations/mlflow/index.ts", platform: "node" },
  { name: "timescale", source: "src/integrations/timescale/index.ts", platform: "node" },
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

/**
 * Embeds a binary as base64 text of its deflated bytes, so that the package needs no file beside
 * its modules. Base64 hides from a server's compression what it could save: deflate comes before.
 */
function embed(source: string, module: string): void {
  const text = deflateRawSync(readFileSync(source), { level: 9 }).toString("base64");
  writeFileSync(module, `export const deflatedCoreBase64: string =\n  "${text}";\n`);
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

/** Bundles the dashboard's script and style and embeds them beside its page: all of it is text. */
async function embedDashboard(folder: string): Promise<void> {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: [`${folder}/main.ts`, `${folder}/page.css`],
    platform: "browser",
    format: "esm",
    minify: true,
    sourcemap: false,
    write: false,
  });
  const textOf = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text.trim();
  const page = readFileSync(`${folder}/page.html`, "utf8");
  const parts = { Page: page, Script: textOf(".js"), Style: textOf(".css") };
  const lines = Object.entries(parts).map(
    ([name, text]) => `export const dashboard${name}: string =\n  ${JSON.stringify(text)};\n`,
  );
  writeFileSync("build/generated/dashboard-page.ts", lines.join(""));
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
        // The core first: gzip looks back 32 KB, and in their midst it would part what is alike.
        inject: ["build/generated/core-bytes.ts"],
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

// --- types ---

/** A name that a statement of a declaration file brings into it, and where it has it from. */
interface Binding {
  name: string;
  /** As it is written between the braces of an import or export. */
  text: string;
  original: string;
  /** The declaration file or package of an import or re-export. */
  from?: string;
}

/** The declaration file that a relative specifier in `file` means; packages stay as they are. */
function declarationFile(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return join(dirname(file), specifier.replace(/\.[jt]s$/, ".d.ts"));
}

function bindingsOf(file: string, statement: ts.Statement): Binding[] {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) {
    const declared = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations
      : [statement as ts.DeclarationStatement];
    return declared.map((each) => {
      const name = each.name?.getText() ?? "default";
      return { name, text: name, original: name };
    });
  }
  const specifier = statement.moduleSpecifier as ts.StringLiteral | undefined;
  const from = specifier ? { from: declarationFile(file, specifier.text) } : {};
  const isImport = ts.isImportDeclaration(statement);
  const clause = isImport ? statement.importClause?.namedBindings : statement.exportClause;
  if (clause && ts.isNamespaceImport(clause) && !specifier?.text.startsWith(".")) {
    return [{ name: clause.name.text, text: clause.getText(), original: "*", ...from }];
  }
  if (!clause || !("elements" in clause)) {
    throw new Error(`${file}: public types import and export by name: ${statement.getText()}`);
  }
  return clause.elements.map((each) => ({
    name: each.name.text,
    text: each.getText(),
    original: (each.propertyName ?? each.name).text,
    ...from,
  }));
}

/** Every name that a declaration mentions, with the file that has it. */
function mentions(file: string, statement: ts.Statement): { file: string; name: string }[] {
  const found: { file: string; name: string }[] = [];
  const enter = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) found.push({ file, name: node.text });
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && node.qualifier) {
      const specifier = (node.argument.literal as ts.StringLiteral).text;
      const name = node.qualifier.getText().split(".")[0] as string;
      found.push({ file: declarationFile(file, specifier), name });
    }
    ts.forEachChild(node, enter);
  };
  enter(statement);
  return found;
}

/** The names of each declaration file that the entries reach; the rest is nobody's business. */
function reach(files: Map<string, ts.SourceFile>): Map<string, Set<string>> {
  const reached = new Map<string, Set<string>>();
  const visit = (file: string, name: string): void => {
    const source = files.get(file);
    const names = reached.get(file) ?? new Set();
    if (!source || names.has(name)) return;
    reached.set(file, names.add(name));
    for (const statement of source.statements) {
      for (const binding of bindingsOf(file, statement)) {
        if (binding.name !== name) continue;
        if (binding.from) visit(binding.from, binding.original);
        else if (ts.isExportDeclaration(statement)) visit(file, binding.original);
        else for (const each of mentions(file, statement)) visit(each.file, each.name);
      }
    }
  };
  for (const { source } of entries) {
    const file = source.replace(/\.ts$/, ".d.ts");
    for (const statement of files.get(file)?.statements ?? []) {
      for (const { name } of bindingsOf(file, statement)) visit(file, name);
    }
  }
  return reached;
}

/** A declaration file with nothing but the names reached. */
function prune(source: ts.SourceFile, reached: Set<string>): string {
  const kept = source.statements.flatMap((statement) => {
    const bindings = bindingsOf(source.fileName, statement).filter(({ name }) => reached.has(name));
    if (bindings.length === 0) return [];
    const isImport = ts.isImportDeclaration(statement);
    if (!isImport && !ts.isExportDeclaration(statement)) return [statement.getFullText().trim()];
    const isType = isImport ? statement.importClause?.isTypeOnly : statement.isTypeOnly;
    const names = bindings.map(({ text }) => text).join(", ");
    const list = bindings[0]?.original === "*" ? names : `{ ${names} }`;
    const from = statement.moduleSpecifier ? ` from ${statement.moduleSpecifier.getText()}` : "";
    return [`${isImport ? "import" : "export"}${isType ? " type" : ""} ${list}${from};`];
  });
  const text = `${kept.join("\n")}\n`;
  // What a user's settings may not list.
  const library = '/// <reference lib="esnext.disposable" />\n';
  return /\bSymbol\.(d|asyncD)ispose\b/.test(text) ? library + text : text;
}

/** Replaces the extension of every relative import in a declaration file. */
function rewriteSpecifiers(text: string, extension: ".js" | ".cjs"): string {
  let result = text;
  for (const { fileName, pos } of ts.preProcessFile(text).importedFiles.reverse()) {
    if (!fileName.startsWith(".")) continue;
    const specifier = fileName.replace(/\.[jt]s$/, extension);
    result = `${result.slice(0, pos)}"${specifier}"${result.slice(pos + fileName.length + 2)}`;
  }
  return result;
}

/** The declarations of every module that the entries import. */
function declare(): Map<string, ts.SourceFile> {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ".");
  const declaration = { noEmit: false, declaration: true, emitDeclarationOnly: true };
  const program = ts.createProgram(
    entries.map(({ source }) => source),
    { ...options, ...declaration, noCheck: true, rootDir: "." },
  );
  const files = new Map<string, ts.SourceFile>();
  const { diagnostics } = program.emit(undefined, (path, text) => {
    const file = relative("", path);
    files.set(file, ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  });
  if (diagnostics.length > 0) {
    throw new Error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost(options)));
  }
  return files;
}

/** Writes the public declarations, for `import` (.d.ts) and for `require` (.d.cts). */
function emitTypes(): void {
  const files = declare();
  for (const [file, names] of reach(files)) {
    const text = prune(files.get(file) as ts.SourceFile, names);
    const target = `${dist}/types/${file}`;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, rewriteSpecifiers(text, ".js"));
    writeFileSync(target.replace(/\.ts$/, ".cts"), rewriteSpecifiers(text, ".cjs"));
  }
}

// --- all of it ---

rmSync(dist, { recursive: true, force: true });
mkdirSync("build/generated", { recursive: true });
compileCore("release");
compileCore("debug");
embed("build/core/release.wasm", "build/generated/core-bytes.ts");
await embedWorker("src/core/worker-entry.ts");
await embedDashboard("src/service/dashboard");
// npm follows build/.gitignore, which hides everything, unless a list of its own stands beside it.
writeFileSync("build/.npmignore", "");
await bundleNode();
await bundleBrowser();
await bundleDemo("build/demo");
emitTypes();
