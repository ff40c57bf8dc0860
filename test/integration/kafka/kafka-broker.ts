// A real Kafka broker on loopback: one process in KRaft mode, from the jars of Maven Central.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Admin } from "@platformatic/kafka";

const VERSION = "4.0.0";
const CLUSTER_ID = "ZHJpZnRrZWVsLWthZmthAA";
const CACHE = join(tmpdir(), "driftkeel-integration", "kafka");
const READY_MS = 60_000;
const STOP_MS = 20_000;

/** Where the jars lie, or why there are none. */
export function findOrDownload(): { jars: string; version: string } | { skipped: string } {
  if (spawnSync("java", ["-version"]).status !== 0) return { skipped: "no Java here" };
  const jars = join(CACHE, `libs-${VERSION}`);
  const found = { jars, version: `Apache Kafka ${VERSION}` };
  if (existsSync(jars)) return found;
  if (spawnSync("mvn", ["-v"]).status !== 0) return { skipped: "no Kafka here, and no Maven" };
  const folder = join(CACHE, `download-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "pom.xml"), pom());
  const args = ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=libs"];
  const { status, stdout } = spawnSync("mvn", [...args, "-DincludeScope=runtime"], {
    cwd: folder,
    timeout: 300_000,
    encoding: "utf8",
  });
  if (status !== 0) {
    const last = stdout.trim().split("\n").at(-1);
    return { skipped: `Maven could not bring Kafka: ${last}` };
  }
  if (!existsSync(jars)) renameSync(join(folder, "libs"), jars);
  rmSync(folder, { recursive: true, force: true });
  return found;
}

function pom(): string {
  const dependency = (group: string, artifact: string, version: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
    `<version>${version}</version></dependency>`;
  return (
    "<project><modelVersion>4.0.0</modelVersion><groupId>driftkeel</groupId>" +
    "<artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>" +
    dependency("org.apache.kafka", "kafka_2.13", VERSION) +
    dependency("org.slf4j", "slf4j-simple", "1.7.36") +
    "</dependencies></project>"
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** A broker; it can be stopped and started again on what it has kept. */
export class KafkaBroker {
  readonly address: string;
  readonly #folder: string;
  readonly #classPath: string;
  #child: ChildProcess | undefined;
  #log = "";

  private constructor(folder: string, jars: string, port: number) {
    this.#folder = folder;
    this.#classPath = join(jars, "*");
    this.address = `127.0.0.1:${port}`;
  }

  /** Starts one with an empty log; resolves once a client gets its metadata. */
  static async start(jars: string): Promise<KafkaBroker> {
    const folder = await mkdtemp(join(tmpdir(), "driftkeel-kafka-"));
    const [port, controllerPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, "server.properties"), properties(folder, port, controllerPort));
    const broker = new KafkaBroker(folder, jars, port);
    const format = ["format", "-t", CLUSTER_ID, "-c", join(folder, "server.properties")];
    const { status, stdout, stderr } = spawnSync(
      "java",
      ["-cp", broker.#classPath, "kafka.tools.StorageTool", ...format],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`The storage could not be formatted: ${stdout}${stderr}`);
    await broker.resume();
    return broker;
  }

  /** Starts the process again; resolves once a client gets its metadata. */
  async resume(): Promise<void> {
    const level = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";
    const args = ["-Xmx512m", "-Xms256m", level, "-cp", this.#classPath, "kafka.Kafka"];
    const child = spawn("java", [...args, join(this.#folder, "server.properties")], {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        this.#log = (this.#log + chunk).slice(-20_000);
      });
    }
    const end = performance.now() + READY_MS;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || performance.now() > end) {
        await this.stop();
        throw new Error(`Kafka did not start: ${this.#log}`);
      }
      await setTimeout(200);
    }
  }

  /** Ends the process; what it has acknowledged stays. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill("SIGTERM");
    const late = new AbortController();
    const isLate = setTimeout(STOP_MS, true, { signal: late.signal }).catch(() => false);
    if (await Promise.race([ended.then(() => false), isLate])) child.kill("SIGKILL");
    late.abort();
    await ended;
  }

  /** Ends the process and removes all it has kept. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Creates topics. */
  async createTopics(topics: Record<string, number>): Promise<void> {
    const admin = new Admin({ clientId: "test", bootstrapBrokers: [this.address] });
    try {
      for (const [topic, partitions] of Object.entries(topics)) {
        await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
      }
    } finally {
      await admin.close();
    }
  }

  async #isReady(): Promise<boolean> {
    const options = { clientId: "test", bootstrapBrokers: [this.address], retries: 0 };
    const admin = new Admin({ ...options, timeout: 1000, connectTimeout: 1000 });
    try {
      return (await admin.metadata({ topics: [] })).brokers.size === 1;
    } catch {
      return false;
    } finally {
      await admin.close().catch(() => {});
    }
  }
}

function properties(folder: string, port: number, controllerPort: number): string {
  const controller = `127.0.0.1:${controllerPort}`;
  const all = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "log.dirs": join(folder, "log"),
    "auto.create.topics.enable": false,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.min.session.timeout.ms": 1000,
    "group.initial.rebalance.delay.ms": 0,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
