// Finds MLflow in a virtual environment of its own outside the repository, or makes that.

import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../prometheus-install.ts";

/** Server and client; `auth` for the server that asks for a password. */
const VERSION = "3.17.2";
const REQUIREMENT = `mlflow[auth]==${VERSION}`;
const FOLDER = join(tmpdir(), "driftkeel-integration", "mlflow", VERSION);

/** The programs of the environment, and what is in it. */
export interface FoundMlflow {
  python: string;
  mlflow: string;
  version: string;
}

/** The environment, made when it is absent, or why there is none. */
export function findOrInstallMlflow(): FoundMlflow | { skipped: string } {
  const [python, mlflow] = ["python", "mlflow"].map((name) => join(FOLDER, "bin", name));
  const complete = join(FOLDER, "complete");
  if (!existsSync(complete)) {
    const failure = install(python!);
    if (failure !== undefined) return { skipped: `MLflow could not be installed: ${failure}` };
    writeFileSync(complete, REQUIREMENT);
  }
  const { code, output } = run(python!, ["-c", "import mlflow; print(mlflow.__version__)"]);
  if (code !== 0) return { skipped: `MLflow does not start: ${output.split("\n").at(-1)}` };
  return { python: python!, mlflow: mlflow!, version: `mlflow ${output.split("\n").at(-1)}` };
}

/** Why it failed; undefined when it did not. */
function install(python: string): string | undefined {
  if (run("python3", ["--version"]).code !== 0) return "there is no python3";
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const made = run("python3", ["-m", "venv", FOLDER], { limitMs: 120_000 });
  if (made.code !== 0) return made.output.split("\n").at(-1);
  const wanted = ["-m", "pip", "install", "--quiet", REQUIREMENT];
  const { code, output } = run(python, wanted, { limitMs: 400_000 });
  return code === 0 ? undefined : output.split("\n").at(-1);
}
