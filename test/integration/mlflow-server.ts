// A private MLflow tracking server on loopback, with SQLite and its artifacts in a folder.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FoundMlflow } from "./mlflow/mlflow-install.ts";
import { run } from "./prometheus-install.ts";
import { until } from "./prometheus-server.ts";

/** Who may do everything on a server that asks for a password. */
export const ADMINISTRATOR = { user: "admin", password: "password of this test" };

/** The folder of a server and, while it runs, its processes. */
export class MlflowServer {
  readonly #found: FoundMlflow;
  readonly #folder = mkdtempSync(join(tmpdir(), "driftkeel-mlflow-"));
  readonly #port: number;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  #log = "";

  private constructor(found: FoundMlflow, port: number, flags: readonly string[]) {
    this.#found = found;
    this.#port = port;
    this.#flags = flags;
  }

  /** Starts a new one; resolves once it answers. flags: in place of `--serve-artifacts`. */
  static async create(
    found: FoundMlflow,
    port: number,
    flags: readonly string[] = ["--serve-artifacts"],
  ): Promise<MlflowServer> {
    const server = new MlflowServer(found, port, flags);
    try {
      await server.start();
    } catch (error) {
      await server.remove();
      throw new Error(`${error}\n${server.#log}`);
    }
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The folder that holds what the server keeps. */
  get folder(): string {
    return this.#folder;
  }

  /** Starts it, also again after `stop`. */
  async start(): Promise<void> {
    const place = ["--host", "127.0.0.1", "--port", String(this.#port), "--workers", "1"];
    const backend = ["--backend-store-uri", `sqlite:///${join(this.#folder, "mlflow.db")}`];
    const artifacts = ["--artifacts-destination", join(this.#folder, "artifacts")];
    const args = ["server", ...place, ...backend, ...artifacts, ...this.#flags];
    const child = spawn(this.#found.mlflow, args, {
      cwd: this.#folder,
      env: this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // it starts processes of its own; they end with its group
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        this.#log = `${this.#log}${chunk}`.slice(-20_000);
      });
    }
    this.#child = child;
    process.once("exit", () => {
      if (child.exitCode === null && child.signalCode === null) signalGroup(child, "SIGKILL");
    });
    await until("MLflow answers", 120_000, async () => {
      if (child.exitCode !== null) throw new Error("MLflow has ended.");
      const answer = await fetch(`${this.url}/health`).catch(() => undefined);
      return answer?.ok ? true : undefined;
    });
  }

  /** Ends it and every process that it started. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    signalGroup(child, "SIGTERM");
    const late = setTimeout(() => signalGroup(child, "SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
    signalGroup(child, "SIGKILL");
  }

  /** Ends it and removes what it kept. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What a Python script prints as JSON, with MLflow's own client and this server's address. */
  python<T>(script: string, ...args: string[]): T {
    const { code, output } = run(this.#found.python, [script, this.url, ...args], {
      limitMs: 120_000,
      cwd: this.#folder,
    });
    const line = output.split("\n").find((each) => each.startsWith("{"));
    if (code !== 0 || line === undefined) throw new Error(`${script} failed: ${output}`);
    return JSON.parse(line) as T;
  }

  #environment(): NodeJS.ProcessEnv {
    const settings = join(this.#folder, "auth.ini");
    const { user, password } = ADMINISTRATOR;
    const lines = [
      "[mlflow]",
      "default_permission = READ",
      `database_uri = sqlite:///${join(this.#folder, "auth.db")}`,
      `admin_username = ${user}`,
      `admin_password = ${password}`,
      "authorization_function = mlflow.server.auth:authenticate_request_basic_auth",
    ];
    writeFileSync(settings, `${lines.join("\n")}\n`);
    return {
      ...process.env,
      MLFLOW_AUTH_CONFIG_PATH: settings,
      MLFLOW_FLASK_SERVER_SECRET_KEY: "only for this test",
      MLFLOW_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "true",
    };
  }
}

/** To a server and the processes that it started; nothing when they have ended. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // the group has ended
  }
}
