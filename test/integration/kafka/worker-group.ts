// Several `driftkeel worker` processes on one base directory, some of which are killed or paused.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { type Consumer, Consumer as KafkaConsumer } from "@platformatic/kafka";

/** What the workers did until they ended by themselves. */
export interface WorkerTotals {
  applied: number;
  redelivered: number;
  refused: number;
}

/** One process. */
class WorkerChild {
  readonly child: ChildProcess;
  isPaused = false;
  stdout = "";
  stderr = "";

  constructor(script: string, folder: string) {
    const args = ["--enable-source-maps", script, "worker", "--base-dir", "models", "--json"];
    this.child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout!.on("data", (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr!.on("data", (chunk) => {
      this.stderr = (this.stderr + chunk).slice(-100_000);
    });
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.child, "close");
    if (this.isPaused) this.child.kill("SIGCONT");
    this.child.kill(signal);
    await ended;
  }
}

/** The workers of one folder with a `driftkeel.json`. */
export class WorkerGroup {
  readonly #script: string;
  readonly #folder: string;
  #workers: WorkerChild[];
  killed = 0;
  paused = 0;
  /** Lines of level error, of all workers. */
  errors: string[] = [];

  constructor(script: string, folder: string, count: number) {
    this.#script = script;
    this.#folder = folder;
    this.#workers = Array.from({ length: count }, () => new WorkerChild(script, folder));
  }

  /** Kills one with SIGKILL and starts another in its place. */
  async killOne(which: number): Promise<void> {
    const index = which % this.#workers.length;
    await this.#workers[index]!.end("SIGKILL");
    this.#collect(this.#workers[index]!);
    this.killed += 1;
    this.#workers[index] = new WorkerChild(this.#script, this.#folder);
  }

  /** Stops one in the midst of whatever it does, and lets it go on later. */
  async pauseOne(which: number, durationMs: number): Promise<void> {
    const worker = this.#workers[which % this.#workers.length]!;
    if (worker.hasEnded || worker.isPaused) return;
    worker.child.kill("SIGSTOP");
    worker.isPaused = true;
    this.paused += 1;
    await setTimeout(durationMs);
    worker.child.kill("SIGCONT");
    worker.isPaused = false;
  }

  /** Throws when a worker has ended by itself. */
  check(): void {
    const fallen = this.#workers.find((worker) => worker.hasEnded);
    if (fallen) throw new Error(`A worker ended by itself: ${fallen.stderr.slice(-3000)}`);
  }

  /** Ends them all as an operator would. */
  async end(): Promise<WorkerTotals> {
    await Promise.all(this.#workers.map((worker) => worker.end("SIGTERM")));
    const totals = { applied: 0, redelivered: 0, refused: 0 };
    for (const worker of this.#workers) {
      this.#collect(worker);
      if (worker.child.exitCode !== 0) throw new Error(`It failed: ${worker.stderr.slice(-3000)}`);
      const { applied, redelivered, refused } = JSON.parse(worker.stdout) as WorkerTotals;
      totals.applied += applied;
      totals.redelivered += redelivered;
      totals.refused += refused;
    }
    return totals;
  }

  /** Ends them all at once. */
  async kill(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end("SIGKILL")));
  }

  #collect({ stderr }: WorkerChild): void {
    const lines = stderr.split("\n").filter((line) => !line.startsWith('{"level":"info"'));
    this.errors.push(...lines.filter((line) => line !== ""));
  }
}

/** Looks at how far a group is, without being a member of it. */
export class GroupObserver {
  readonly #consumer: Consumer;
  readonly #topic: string;
  readonly #partitions: number[];

  constructor(broker: string, topic: string, partitions: number, groupId: string) {
    const options = { groupId, clientId: "observer", bootstrapBrokers: [broker] };
    this.#consumer = new KafkaConsumer(options);
    this.#topic = topic;
    this.#partitions = Array.from({ length: partitions }, (_, index) => index);
  }

  /** Signals that were not committed yet; undefined while Kafka does not say. */
  async lag(): Promise<number | undefined> {
    const topics = [{ topic: this.#topic, partitions: this.#partitions }];
    try {
      const ends = (await this.#consumer.listOffsets({ topics: [this.#topic] })).get(this.#topic)!;
      const committed = (await this.#consumer.listCommittedOffsets({ topics })).get(this.#topic);
      return this.#partitions.reduce((total, partition) => {
        const next = Number(committed?.[partition] ?? -1n);
        return total + Number(ends[partition]) - Math.max(0, next);
      }, 0);
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#consumer.close(true);
  }
}
