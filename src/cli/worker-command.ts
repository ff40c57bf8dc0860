// `driftkeel worker`: learns the signals of a Kafka topic, which the workers of a group share.

import { once } from "node:events";
import type { Command } from "commander";
import { configureLearner } from "../config/configured-learner.ts";
import { parseModelConfigs } from "../config/model-config.ts";
import { sampleOfRow, sampleRow } from "../config/sample-row.ts";
import { DriftkeelRangeError, isTypedError } from "../errors.ts";
import type { WorkerStatus } from "../integrations/kafka/index.ts";
import { parseOptions } from "../options.ts";
import { readConfig } from "./config-file.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { folderCommand, type OutputFlags, present } from "./model-flags.ts";
import type { Session } from "./session.ts";

const DESCRIPTION =
  "Learn the signals of a Kafka topic. Workers of a group share its partitions; each model is " +
  "learned by one of them at a time, every signal once, whatever is killed. Ends on SIGTERM or " +
  "SIGINT: keeps its models and leaves the group. Logs go to stderr as JSON, errors alone with " +
  "--quiet.";

const EXAMPLES = `
Examples:
  $ driftkeel worker --config driftkeel.json --base-dir /shared/models

The workers of a group share the base directory. docs/kafka.md shows the configuration.
Exit codes: 0 ended by a signal, 2 wrong usage or configuration, 5 failed.`;

interface WorkerFlags extends OutputFlags {
  baseDir: string;
  config: string;
}

/** Describes the command. */
export function workerCommand(session: Session): Command {
  return folderCommand("worker", DESCRIPTION, EXAMPLES)
    .summary("learn the signals of a Kafka topic")
    .option("--config <file>", "the file that declares the models", "./driftkeel.json")
    .action(
      session.action(async (flags: WorkerFlags) => {
        const { config: name, baseDir, quiet } = flags;
        const { KafkaWorker, kafkaIn } = await import("../integrations/kafka/index.ts");
        const text = await readConfig(name);
        const configs = parseModelConfigs(name, text);
        const settings = kafkaIn(name, text, process.env);
        if (!settings) throw noKafka(name);
        const stop = new AbortController();
        const end = () => stop.abort();
        process.once("SIGINT", end).once("SIGTERM", end);
        try {
          const models = new Map(
            Array.from(configs, ([id, config]) => [id, () => configureLearner(id, config)]),
          );
          for (const configure of models.values()) configure().dispose(); // wrong ones show now
          const write = (level: string, facts: object, msg: string) =>
            session.stderr.write(`${JSON.stringify({ level, msg, ...plain(facts) })}\n`);
          const worker = await KafkaWorker.start({
            settings,
            baseDir,
            models,
            sampleOf: (line) => sampleOfRow(parseOptions("signal", sampleRow, JSON.parse(line))),
            log: {
              info: (facts, msg) => quiet || write("info", facts, msg),
              error: (facts, msg) => write("error", facts, msg),
            },
          });
          if (!stop.signal.aborted) await once(stop.signal, "abort");
          await worker.close();
          const status = worker.status();
          present(session, flags, statusRecord(status), () => statusText(status));
        } finally {
          process.off("SIGINT", end).off("SIGTERM", end);
        }
        return EXIT_CODE.done;
      }),
    );
}

function noKafka(name: string): DriftkeelRangeError {
  const message = `Expected ${name} to have a member "kafka", got none; docs/kafka.md shows one.`;
  return new DriftkeelRangeError("OPTION_INVALID", message);
}

/** Errors as JSON. */
function plain(facts: object): object {
  const { err, ...others } = facts as { err?: unknown };
  if (err === undefined) return others;
  const message = err instanceof Error ? err.message : String(err);
  return { ...others, err: { ...(isTypedError(err) && { code: err.code }), message } };
}

function statusRecord(status: WorkerStatus) {
  const { applied, redelivered, refused } = status;
  return { applied, redelivered, refused };
}

function statusText({ applied, redelivered, refused }: WorkerStatus): string {
  return `Learned ${applied} signals; passed over ${redelivered} known ones, refused ${refused}.\n`;
}
