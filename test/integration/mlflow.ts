// Versions in a real MLflow: registered, read back by its own client, through outages.
//
// `tsx test/integration/mlflow.ts` prints what it checked; 1 when something was wrong, 0 also when
// there is no MLflow and none can be installed, which it says.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicMs } from "../../src/clock.ts";
import { VersionStore } from "../../src/index.ts";
import { MlflowRegistry, type VersionFacts } from "../../src/integrations/mlflow/index.ts";
import { FollowedLearner, MODEL } from "./mlflow/followed-learner.ts";
import { findOrInstallMlflow } from "./mlflow/mlflow-install.ts";
import { ADMINISTRATOR, MlflowServer } from "./mlflow-server.ts";
import {
  check,
  checkRefused,
  checkSame,
  endServersAfter,
  freePort,
  print,
  runScript,
} from "./postgres/report.ts";
import { runPage } from "./postgres/run-page.ts";
import { checkServedOutage, SERVED_MODEL } from "./postgres/served-outage.ts";
import { until } from "./prometheus-server.ts";

/** Everything together takes far less, once MLflow is installed. */
const LIMIT_MS = 360_000;
const SCRIPT = join(process.cwd(), "test/integration/mlflow/read_back.py");
const NAME = MlflowRegistry.nameOf(MODEL);

interface ReadBack {
  versions: {
    version: number;
    version_id: string;
    rolled_back: string | null;
    source: string | null;
    status: string;
    params: Record<string, string>;
    metrics: Record<string, string>;
    sha256: string;
  }[];
  aliases: Record<string, number>;
}

const readBack = (server: MlflowServer, name = NAME) => server.python<ReadBack>(SCRIPT, name);

/** Everything of a version that was registered by hand is what the Python client reads. */
async function checkRegistered(server: MlflowServer, folder: string): Promise<void> {
  const versions = await VersionStore.open({ storagePath: folder, modelId: "exact" });
  const weights = new Map([["w", Float32Array.of(-0, 1e-45, 0.1, 3.4028234663852886e38)]]);
  const id = await versions.save({ weights });
  await versions.close();
  const artifact = readFileSync(join(folder, "versions", id, "model.safetensors"));
  const digest = createHash("sha256").update(artifact).digest("hex");
  const metrics = { loss: 0.1 + 0.2, tiny: 5e-324, worst: Number.NaN, "odd (name)[0]": -1e300 };
  const params = { lr: 1e-5, optimizer: "adamw", text: "ünï 'quoted' \"twice\"", is_on: true };
  const facts: VersionFacts = { artifact, metrics, params, source: "job-7", at: 1_790_000_000_123 };
  const registry = new MlflowRegistry({ url: server.url });
  const first = await registry.register("exact", id, facts);
  checkSame(
    "a version that is registered twice is there once",
    await registry.register("exact", id, facts),
    first,
  );
  const { versions: read } = readBack(server, "exact_incremental");
  checkSame(
    "MLflow's client reads one version, whole",
    [read.length, read[0]?.status],
    [1, "FINISHED"],
  );
  const [got] = read;
  checkSame("its parameters are equal", sorted(got!.params), [
    ["is_on", "true"],
    ["lr", "0.00001"],
    ["optimizer", "adamw"],
    ["text", params.text],
  ]);
  const expected = {
    loss: "0.30000000000000004",
    "odd _name__0_": "-1e+300",
    tiny: "5e-324",
    worst: "nan",
  };
  checkSame("its metrics are equal", sorted(got!.metrics), sorted(expected));
  checkSame("its artifact has the same SHA-256", got!.sha256, digest);
  checkSame("its source job is told", got!.source, "job-7");
  const loaded = await registry.load("exact", { versionId: id });
  const bytes = (values: Float32Array | undefined) => Buffer.from(values!.buffer).toString("hex");
  checkSame("it is loaded to the bit", bytes(loaded.weights.get("w")), bytes(weights.get("w")));
}

function sorted(members: Record<string, string>): [string, string][] {
  return Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The champion moves with promotions and rollbacks of a learner. */
async function checkAliases(server: MlflowServer, folder: string): Promise<void> {
  const followed = await FollowedLearner.open(folder, server.url);
  try {
    const { learner, outbox } = followed;
    const initial = learner.status().versionId;
    const first = await followed.promote("job-1");
    const second = await followed.promote("job-2");
    await outbox.drained();
    let { versions, aliases } = readBack(server);
    const ids = [initial, first, second];
    checkSame("the versions are in the order of their promotion", versions.map(idOf), ids);
    checkSame(
      "each artifact is the file of its version",
      versions.map(({ sha256 }) => sha256),
      ids.map((id) => followed.digest(id)),
    );
    checkSame(
      "each has the job that asked for it",
      versions.map(({ source }) => source),
      ["initial", "job-1", "job-2"],
    );
    checkSame("champion is the active version, challenger the one on watch beside it", aliases, {
      challenger: 2,
      champion: 3,
    });
    const { params, metrics } = versions[2]!;
    check(
      "parameters tell of the training",
      params.update_reason === "request" && params.parent === first && params.lr === "0.01",
      params,
    );
    const { measurements } = await lastPromotion(folder);
    checkSame(
      "metrics are the measurements",
      Object.keys(metrics).sort(),
      Object.keys(measurements).sort(),
    );
    for (const [name, value] of Object.entries(measurements)) {
      checkSame(`metric ${name} is ${value}`, Number(metrics[name]), value);
    }
    await followed.rollback(first);
    await outbox.drained();
    ({ versions, aliases } = readBack(server));
    checkSame("champion moves back on a rollback, and there is no challenger", aliases, {
      champion: 2,
    });
    check("the version that was left is marked", versions[2]!.rolled_back !== null, versions[2]);
    const loaded = await new MlflowRegistry({ url: server.url }).load(MODEL, { alias: "champion" });
    checkSame("the champion is loaded", loaded.versionId, first);
    checkSame("nothing failed", followed.failures.map(String), []);
    checkSame("no artifact waits any more", await followed.waitingArtifacts(), 0);
  } finally {
    await followed.close();
  }
}

const idOf = ({ version_id }: ReadBack["versions"][number]) => version_id;

/** What `current.json` says of the active version. */
async function lastPromotion(folder: string) {
  const versions = await VersionStore.open({ storagePath: join(folder, "model"), readOnly: true });
  const current = await versions.getCurrent();
  await versions.close();
  return { measurements: current?.benchmark ?? {} };
}

/** A server that is away stops nothing, and gets everything in order when it is back. */
async function checkOutage(server: MlflowServer, folder: string): Promise<void> {
  await server.stop();
  let followed = await FollowedLearner.open(folder, server.url);
  let expected: string[];
  try {
    const before = followed.learner.status().versionId;
    const ids = [await followed.promote("job-3"), await followed.promote("job-4")];
    await followed.rollback(ids[0]!);
    ids.push(await followed.promote("job-5"));
    const { learner, outbox } = followed;
    checkSame(
      "predictions and learning go on",
      learner.predict(Float32Array.of(0.5)).versionId,
      ids[2],
    );
    check("three more versions were promoted meanwhile", !ids.includes(before));
    const status = await until("the outage shows", 20_000, async () => {
      const now = outbox.status();
      return now.outage ? now : undefined;
    });
    check(
      `the outbox tells of the outage: ${status.outage?.message}`,
      /out of reach/.test(status.outage!.message),
    );
    check(`${status.waiting} records wait`, status.waiting >= 4, status);
    expected = ids;
  } finally {
    await followed.close();
  }
  await server.start();
  followed = await FollowedLearner.open(folder, server.url);
  try {
    await followed.outbox.drained();
    const { versions, aliases } = readBack(server);
    checkSame("another process delivers them in order", versions.slice(3).map(idOf), expected);
    checkSame("champion is the last one promoted", aliases.champion, 6);
    checkSame(
      "the outbox is empty",
      [followed.outbox.status().waiting, await followed.waitingArtifacts()],
      [0, 0],
    );
    checkSame("nothing was passed over", followed.failures.map(String), []);
  } finally {
    await followed.close();
  }
}

/** A service with MLflow has every version there, and the champion where it is. */
async function checkServed(server: MlflowServer): Promise<void> {
  const registry = new MlflowRegistry({ url: server.url });
  await checkServedOutage({
    name: "mlflow",
    member: { url: server.url, timeout_ms: 5000 },
    stop: () => server.stop(),
    start: () => server.start(),
    async verify(_, versionId) {
      const { versions, aliases } = readBack(server, MlflowRegistry.nameOf(SERVED_MODEL));
      const ids = versions.map(idOf);
      check(`${ids.length} versions are there, each once`, new Set(ids).size === ids.length);
      const isSorted =
        ids.join() === [...ids].sort((a, b) => (a.slice(0, 15) < b.slice(0, 15) ? -1 : 0)).join();
      check("and in the order in which they were made", isSorted && ids.length > 3, ids);
      checkSame(
        "the champion is the active version",
        versions[aliases.champion! - 1]?.version_id,
        versionId,
      );
      const loaded = await registry.load(SERVED_MODEL, { alias: "champion" });
      checkSame("and is loaded", loaded.versionId, versionId);
      const { params } = versions[0]!;
      check("the configuration is told", params["update.lr"] === "0.02", params);
    },
  });
}

/** What can be wrong is told in words. */
async function checkErrors(server: MlflowServer, secured: MlflowServer): Promise<void> {
  const { url } = server;
  const facts = { artifact: new Uint8Array(8), at: 0 };
  const registry = new MlflowRegistry({ url });
  const [nobody, unknown] = [{ user: "nobody", password: "wrong" }, "20260101-000000-0000"];
  const refusing = (options: object) => new MlflowRegistry({ url: secured.url, ...options });
  await checkRefused("no such model", "VERSION_UNKNOWN", /other_incremental/, () =>
    registry.load("other", { alias: "champion" }),
  );
  await checkRefused("no such version", "VERSION_UNKNOWN", /the version 2026/, () =>
    registry.promote(MODEL, unknown),
  );
  await checkRefused("no credentials", "FILE_FAILED", /credentials \(401\)/, () =>
    refusing({}).register("secured", unknown, facts),
  );
  await checkRefused("wrong credentials", "FILE_FAILED", /credentials \(401\)/, () =>
    refusing(nobody).register("secured", unknown, facts),
  );
  await checkRefused("artifacts elsewhere", "FILE_FAILED", /--serve-artifacts/, () =>
    refusing(ADMINISTRATOR).register("secured", unknown, facts),
  );
  const away = new MlflowRegistry({ url: `http://127.0.0.1:${await freePort()}`, maxAttempts: 2 });
  await checkRefused("out of reach", "FILE_FAILED", /out of reach \(ECONNREFUSED\)/, () =>
    away.at(MODEL, "champion"),
  );
  await checkRefused("another path", "FILE_FAILED", /404/, () =>
    new MlflowRegistry({ url: `${url}/elsewhere` }).at(MODEL, "champion"),
  );
  await registry.register("broken", unknown, facts);
  await checkRefused("an artifact that is none", "SNAPSHOT_CORRUPT", /no safetensors/, () =>
    registry.load("broken", { versionId: unknown }),
  );
}

async function main(): Promise<void> {
  const found = findOrInstallMlflow();
  if ("skipped" in found) return print(`SKIPPED: ${found.skipped}`);
  print(found.version);
  const startMs = monotonicMs();
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-registered-"));
  const servers: MlflowServer[] = [];
  const removeAll = () => Promise.all(servers.map((each) => each.remove()));
  const callOff = endServersAfter(LIMIT_MS, removeAll);
  try {
    const server = await MlflowServer.create(found, await freePort());
    servers.push(server);
    await checkRegistered(server, join(folder, "exact"));
    await checkAliases(server, join(folder, "followed"));
    await checkOutage(server, join(folder, "followed"));
    const page = runPage("docs/mlflow.md", ["http://127.0.0.1:5000", server.url]);
    check("the code of docs/mlflow.md runs", /hidden/.test(page), page);
    await checkServed(server);
    const flags = ["--no-serve-artifacts", "--default-artifact-root", folder];
    const secured = [...flags, "--app-name", "basic-auth"];
    servers.push(await MlflowServer.create(found, await freePort(), secured));
    await checkErrors(server, servers[1]!);
    print(`All checks passed in ${Math.round((monotonicMs() - startMs) / 1000)} s.`);
  } finally {
    callOff();
    await removeAll();
    rmSync(folder, { recursive: true, force: true });
  }
}

await runScript(main);
