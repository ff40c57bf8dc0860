// docs/deployment.md, its compose file and what that mounts agree with each other and with the
// commands; docs/capacity.md says what docs/capacity.json measured. Nothing is started here.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { writeCapacityPage } from "../../bench/capacity-page.ts";
import { configureLearner } from "../../src/config/configured-learner.ts";
import { parseServiceConfig } from "../../src/service/service-config.ts";

const FOLDER = "docs/examples";
const page = readFileSync("docs/deployment.md", "utf8");
const read = (path: string) => readFileSync(join(FOLDER, path), "utf8");

interface ComposeService {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string | string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  secrets?: string[];
  depends_on?: Record<string, { condition: string }>;
}

interface Compose {
  services: Record<string, ComposeService>;
  volumes: Record<string, null>;
  secrets: Record<string, { environment: string }>;
}

/** The parser that knip brings: it is not one of our own dependencies. */
const parseYaml = (text: string) => parse(text, { merge: true });

const text = read("compose.yaml");
const compose: Compose = parseYaml(text);
const services = Object.entries(compose.services);
const environment = Object.fromEntries(
  [...read("compose/example.env").matchAll(/^([A-Z_]+)=(.+)$/gm)].map(([, name, value]) => [
    name!,
    value!,
  ]),
);
const mounts = services.flatMap(([, { volumes = [] }]) =>
  volumes.map((volume) => {
    const [source, target] = volume.split(":");
    return { source: source!, target: target! };
  }),
);
const files = mounts.filter(({ source }) => source.startsWith("."));
const configs = ["compose/driftkeel.json", "compose/workers.json"];
const configOf = (path: string) =>
  parseServiceConfig(path, read(path), compose.services.service!.environment);

describe("the compose file", () => {
  it("mounts files that exist and volumes that it declares", () => {
    expect(files.length).toBeGreaterThan(6);
    for (const { source } of files) expect(existsSync(join(FOLDER, source)), source).toBe(true);
    const named = mounts.filter((each) => !files.includes(each)).map(({ source }) => source);
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it("has a fixed version of every image that it does not build, and the page names it", () => {
    for (const [name, { image, build }] of services) {
      if (build) continue;
      expect(image, name).toMatch(/^[a-z./-]+:v?\d+\.\d+\.\d+(-pg\d+)?$/);
      expect(page).toContain(`\`${image}\``);
    }
  });

  it("builds from a Dockerfile that packs this package with its optional peers", () => {
    const { build } = compose.services.worker!;
    expect(build).toEqual(compose.services.service!.build);
    const root = posix.normalize(posix.join(FOLDER, build!.context));
    const dockerfile = readFileSync(join(root, build!.dockerfile), "utf8");
    const { version, peerDependencies, bin } = JSON.parse(readFileSync("package.json", "utf8"));
    for (const [peer, range] of Object.entries<string>(peerDependencies)) {
      expect(dockerfile).toContain(`${peer}@${range}`);
      expect(page).toContain(`${peer}@${range}`);
    }
    expect(page).toContain(`driftkeel-${version}.tgz`);
    expect(Object.keys(bin)).toEqual([/ENTRYPOINT \["(\w+)"\]/.exec(dockerfile)![1]]);
  });

  it("publishes on loopback only, on the ports that the page names", () => {
    const ports = services.flatMap(([, each]) => each.ports ?? []);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    const numbers = ports.map((port) => port.split(":")[1]!);
    expect(numbers.sort()).toEqual(["3000", "5000", "8600", "9090"]);
    for (const number of numbers) expect(page).toMatch(new RegExp(`\\b${number}\\b`));
  });

  it("waits only for services that it has", () => {
    for (const [, { depends_on = {} }] of services) {
      for (const name of Object.keys(depends_on)) expect(compose.services).toHaveProperty(name);
    }
  });

  it("takes from the environment what example.env has, and nothing else", () => {
    const inText = [...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name!);
    const inSecrets = Object.values(compose.secrets).map((secret) => secret.environment);
    expect(new Set([...inText, ...inSecrets])).toEqual(new Set(Object.keys(environment)));
  });

  it("gives the commands the configurations that it mounts, and folders that are volumes", () => {
    for (const name of ["service", "worker"]) {
      const { command, volumes } = compose.services[name]!;
      const targets = volumes!.map((volume) => volume.split(":")[1]);
      const [, config, baseDir] = /--config (\S+) --base-dir (\S+)/.exec(String(command))!;
      expect(targets).toEqual([config, baseDir]);
    }
  });
});

describe("the configurations", () => {
  it.each(configs)("%s is one that the commands take", (path) => {
    for (const [id, config] of configOf(path).models) configureLearner(id, config).dispose();
  });

  it("reach the other services by the names and ports of the compose file", () => {
    const { kafka, partners } = configOf(configs[0]!);
    const advertised = compose.services.kafka!.environment!.KAFKA_ADVERTISED_LISTENERS;
    expect(`PLAINTEXT://${kafka!.connection.brokers}`).toBe(advertised);
    expect(configOf(configs[1]!).kafka!.connection.brokers).toEqual(kafka!.connection.brokers);
    const { host } = new URL(partners.mlflow!.registry.url);
    expect(String(compose.services.mlflow!.command)).toContain(`--allowed-hosts ${host},`);
    const { postgres } = compose.services;
    const url = new URL(compose.services.service!.environment!.DRIFTKEEL_POSTGRES!);
    expect([url.hostname, url.username, url.pathname.slice(1)]).toEqual([
      "postgres",
      postgres!.environment!.POSTGRES_USER,
      postgres!.environment!.POSTGRES_DB,
    ]);
  });

  it("use topics that the compose file makes, with a partition for each worker", () => {
    const made = new Map(
      [...String(compose.services.topics!.command).matchAll(/create (\w+) (\d+) \d+/g)].map(
        ([, topic, partitions]) => [topic, Number(partitions)],
      ),
    );
    const { topic, feedbackTopic } = configOf(configs[1]!).kafka!;
    expect([...made.keys()].sort()).toEqual([feedbackTopic, topic].sort());
    expect(configOf(configs[0]!).kafka!.topic).toBe(topic);
    expect(made.get(feedbackTopic)).toBeGreaterThan(2);
  });

  it("know the keys of the example by their digests, with the scopes that the page tells", () => {
    const digest = (key: string) => createHash("sha256").update(key).digest("hex");
    const { keys } = configOf(configs[0]!);
    const scopes = (key: string) => keys.find(({ sha256 }) => sha256 === digest(key))?.scopes;
    expect(scopes(environment.DRIFTKEEL_METRICS_KEY!)).toEqual(["read"]);
    expect(scopes("change-me-operator")).toEqual(["read", "write", "operate"]);
    expect(page).toContain(`\`${environment.DRIFTKEEL_METRICS_KEY}\``);
  });

  it("declare a model either to the service or to the workers", () => {
    const [served, learned] = configs.map((path) => [...configOf(path).models.keys()]);
    expect(served!.filter((id) => learned!.includes(id))).toEqual([]);
  });
});

describe("Prometheus and Grafana", () => {
  it("scrape the service on its port, with the secret and the rules that are mounted", () => {
    const { rule_files, scrape_configs } = parseYaml(read("compose/prometheus.yml"));
    const { prometheus, service } = compose.services;
    expect(scrape_configs[0].static_configs[0].targets).toEqual(["service:8600"]);
    expect(String(service!.command)).toContain("--host 0.0.0.0 --port 8600");
    const secret = posix.basename(scrape_configs[0].authorization.credentials_file);
    expect(prometheus!.secrets).toEqual([secret]);
    const targets = files.map(({ target }) => target);
    for (const rules of rule_files) expect(targets).toContain(`/etc/prometheus/${rules}`);
  });

  it("find each other, and the dashboard where it is mounted", () => {
    const { url } = parseYaml(read("compose/grafana-datasource.yml")).datasources[0];
    expect(compose.services).toHaveProperty(new URL(url).hostname);
    const { path } = parseYaml(read("compose/grafana-dashboards.yml")).providers[0].options;
    expect(files.some(({ target }) => dirname(target) === path)).toBe(true);
  });

  const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
  it.runIf(hasPromtool)("have a configuration that promtool takes", () => {
    const path = join(FOLDER, "compose/prometheus.yml");
    const args = ["check", "config", "--syntax-only", path];
    const { status, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});

describe("the pages", () => {
  it("link to files that exist", () => {
    for (const path of ["docs/deployment.md", "docs/capacity.md"]) {
      const links = readFileSync(path, "utf8").matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g);
      for (const [, link] of links) expect(existsSync(join("docs", link!)), link).toBe(true);
    }
  });

  it("say of capacity what the published run measured, and nothing else", () => {
    const run = JSON.parse(readFileSync("docs/capacity.json", "utf8"));
    expect(readFileSync("docs/capacity.md", "utf8")).toBe(writeCapacityPage(run));
  });
});
