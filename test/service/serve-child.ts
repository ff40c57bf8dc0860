// A real `driftkeel serve` in a process of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A server that was started, and how it ended. */
export class ServeChild {
  readonly #child: ChildProcess;
  stdout = "";
  stderr = "";

  private constructor(node: readonly string[], folder: string, args: readonly string[]) {
    const env = { ...process.env, TSX_TSCONFIG_PATH: join(process.cwd(), "tsconfig.json") };
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const all = [...node, "serve", "--port", "0", ...args];
    this.#child = spawn(process.execPath, all, { cwd: folder, env, stdio: [...stdio] });
    this.#child.stdout!.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.#child.stderr!.on("data", (chunk) => {
      this.stderr += chunk;
    });
  }

  /** Starts it in a folder with a `driftkeel.json`; resolves once it listens or has ended. */
  static async start(folder: string, ...args: string[]): Promise<ServeChild> {
    const tsx = ["--import", import.meta.resolve("tsx")];
    return ServeChild.run([...tsx, join(process.cwd(), "src/cli/main.ts")], folder, ...args);
  }

  /** The same of a command that was bundled; `node`: flags of Node and the file. */
  static async run(
    node: readonly string[],
    folder: string,
    ...args: string[]
  ): Promise<ServeChild> {
    const served = ServeChild.spawn(node, folder, ...args);
    await served.started();
    return served;
  }

  /** The same without waiting for it. */
  static spawn(node: readonly string[], folder: string, ...args: string[]): ServeChild {
    return new ServeChild(node, folder, args);
  }

  /** Resolves once it listens or has ended. */
  async started(): Promise<void> {
    while (!this.isListening && this.#isRunning) {
      await Promise.race([once(this.#child.stdout!, "data"), once(this.#child, "close")]);
    }
  }

  /** Whether it has said where it listens. */
  get isListening(): boolean {
    return /http:\S+[\s\S]*\n/.test(this.stdout);
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Where it listens. */
  get url(): string {
    const url = /http:\/\/[\d.]+:\d+/.exec(this.stdout)?.[0];
    if (url === undefined) throw new Error(`It does not listen: ${this.stderr}`);
    return url;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Sends a signal when it still runs, and returns its exit code; null when a signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.#isRunning) return this.#child.exitCode;
    const ended = once(this.#child, "close");
    this.#child.kill(signal);
    return (await ended)[0];
  }
}
