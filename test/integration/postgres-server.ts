// A private PostgreSQL on loopback: a cluster of its own in a temporary folder.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { FoundPostgres } from "./postgres/postgres-install.ts";
import { run } from "./prometheus-install.ts";
import { until } from "./prometheus-server.ts";

const OWNER = "driftkeel";
const PASSWORD = "only for this test";

/** Numbers of the user that the programs run as: they refuse to run as root. */
function ordinaryUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const ask = (flag: string) => {
    const { code, output } = run("id", [flag, "postgres"]);
    return code === 0 ? Number(output) : 65_534;
  };
  return { uid: ask("-u"), gid: ask("-g") };
}

/** The cluster and, while it runs, its process. */
export class PostgresServer {
  readonly #found: FoundPostgres;
  readonly #folder: string;
  readonly #port: number;
  readonly #user = ordinaryUser();
  #child: ChildProcess | undefined;
  #log = "";

  private constructor(found: FoundPostgres, folder: string, port: number) {
    this.#found = found;
    this.#folder = folder;
    this.#port = port;
  }

  /** Makes a cluster and starts it; resolves once it answers. */
  static async create(found: FoundPostgres, port: number): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), "driftkeel-postgres-"));
    const server = new PostgresServer(found, folder, port);
    try {
      await server.#initialize();
      await server.start();
    } catch (error) {
      await server.remove();
      throw new Error(`${error}\n${server.#log}`);
    }
    return server;
  }

  /** An address of it. */
  url({ user = OWNER, password = PASSWORD, database = "postgres" } = {}): string {
    const secret = encodeURIComponent(password);
    return `postgres://${user}:${secret}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Starts it again after `stop`. */
  async start(): Promise<void> {
    const settings = [
      `port=${this.#port}`,
      "listen_addresses=127.0.0.1",
      `unix_socket_directories=${this.#folder}`,
    ].flatMap((each) => ["-c", each]);
    this.#child = this.#run("postgres", ["-D", join(this.#folder, "data"), ...settings]);
    const child = this.#child;
    process.once("exit", () => child.kill("SIGQUIT"));
    await until("PostgreSQL answers", 30_000, async () => {
      if (this.#child?.exitCode !== null) throw new Error("PostgreSQL has ended.");
      return this.query("SELECT 1").catch(() => undefined);
    });
  }

  /** What one statement of its owner gives. */
  async query(sql: string, database = "postgres"): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url({ database }) });
    client.on("error", () => {});
    try {
      await client.connect();
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends it: every connection is cut, as in a fast shutdown. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill("SIGINT");
    const late = setTimeout(() => child.kill("SIGQUIT"), 20_000);
    await ended;
    clearTimeout(late);
  }

  /** Ends it and removes its cluster. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #initialize(): Promise<void> {
    const passwords = join(this.#folder, "password");
    writeFileSync(passwords, PASSWORD);
    if (this.#user) {
      const { uid, gid } = this.#user;
      for (const path of [this.#folder, passwords]) chownSync(path, uid, gid);
    }
    chmodSync(this.#folder, 0o700);
    const login = ["--auth=scram-sha-256", `--pwfile=${passwords}`, `--username=${OWNER}`];
    const place = ["--pgdata", join(this.#folder, "data"), "--encoding=UTF8", "--locale=C"];
    const child = this.#run("initdb", [...login, ...place]);
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`initdb ended with ${code}.`);
  }

  #run(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(join(this.#found.folder, program), args, {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
      ...this.#user,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream!.on("data", (chunk) => {
        this.#log = `${this.#log}${chunk}`.slice(-20_000);
      });
    }
    return child;
  }
}
