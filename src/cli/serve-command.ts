// `driftkeel serve`: the HTTP service over the models of a configuration file.

import { once } from "node:events";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Demo } from "../service/demo/demo.ts";
import type { Service } from "../service/index.ts";
import { readConfig } from "./config-file.ts";
import { EXIT_CODE } from "./exit-code.ts";
import { folderCommand, type OutputFlags, present } from "./model-flags.ts";
import type { Session } from "./session.ts";

const DESCRIPTION =
  "Serve the models of a configuration file over HTTP: predictions, feedback, versions, " +
  "rollback, freeze, events, metrics. A model that cannot be opened does not stop the others. " +
  "Ends on SIGTERM or SIGINT: finishes the requests under way and closes the models. Logs go to " +
  "stderr as JSON, errors alone with --quiet.";

const EXAMPLES = `
Examples:
  $ driftkeel serve
  $ driftkeel serve --config models.json --port 9000 --base-dir /var/lib/driftkeel
  $ driftkeel serve --demo

Without "keys" in the configuration it listens on this machine alone. docs/service.md shows both.
Exit codes: 0 ended by a signal, 2 wrong usage or configuration, 5 failed, 7 a running process has
the folder.`;

interface ServeFlags extends OutputFlags {
  baseDir: string;
  config: string;
  host: string;
  port: number;
  demo?: true;
}

/** Describes the command. */
export function serveCommand(session: Session): Command {
  return folderCommand("serve", DESCRIPTION, EXAMPLES)
    .summary("serve models over HTTP")
    .option("--config <file>", "the file that declares the models", "./driftkeel.json")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <number>", "0 for any free one", toPort, 8600)
    .addOption(
      new Option("--demo", "two models on simulated data, in a temporary folder").conflicts([
        "config",
        "host",
      ]),
    )
    .action(
      session.action(async (flags: ServeFlags, command: Command) => {
        const stop = new AbortController();
        const end = () => stop.abort();
        // npx passes on the signal that the terminal has sent already: the second changes nothing.
        process.on("SIGINT", end).on("SIGTERM", end);
        try {
          const started = flags.demo
            ? await demonstrate(session, flags, command)
            : await serve(session, flags);
          if (!stop.signal.aborted) await once(stop.signal, "abort");
          await started.close();
        } finally {
          process.off("SIGINT", end).off("SIGTERM", end);
        }
        return EXIT_CODE.done;
      }),
    );
}

async function serve(session: Session, flags: ServeFlags): Promise<Service> {
  const { config: name, host, port, baseDir, quiet } = flags;
  // Loaded here: the other commands start without waiting for a server's modules.
  const { startService } = await import("../service/index.ts");
  const service = await startService({
    config: { name, text: await readConfig(name) },
    baseDir,
    host,
    port,
    log: session.stderr,
    logLevel: quiet ? "error" : "info",
  });
  present(session, flags, startRecord(service), () => startText(service));
  return service;
}

async function demonstrate(session: Session, flags: ServeFlags, command: Command): Promise<Demo> {
  const { startDemo } = await import("../service/demo/demo.ts");
  const isFolderGiven = command.getOptionValueSource("baseDir") !== "default";
  const baseDir = isFolderGiven ? flags.baseDir : undefined;
  const demo = await startDemo({ baseDir, port: flags.port, log: session.stderr });
  present(session, flags, demoRecord(demo), () => demoText(demo));
  return demo;
}

function demoRecord({ url, models, baseDir, isTemporary }: Demo) {
  return { url, models, failed: [], simulated: true, base_dir: baseDir, temporary: isTemporary };
}

function demoText({ url, models, baseDir, isTemporary }: Demo): string {
  return (
    "Simulated data: two small models in made-up worlds that drift about once a minute.\n" +
    `Dashboard: ${url}/\n` +
    `Models: ${models.join(", ")}\n` +
    `Folder: ${baseDir}${isTemporary ? " (removed at the end)" : ""}\n` +
    "Ctrl-C ends it.\n"
  );
}

function startRecord({ url, models, failures }: Service) {
  return { url, models, failed: [...failures.keys()] };
}

function startText({ url, models, failures }: Service): string {
  const failed = failures.size === 0 ? "" : `Not opened: ${[...failures.keys()].join(", ")}\n`;
  return `Listening on ${url}\nModels: ${models.join(", ")}\n${failed}`;
}

function toPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("Expected an integer from 0 to 65535.");
}
