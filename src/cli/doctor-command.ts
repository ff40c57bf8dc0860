// `driftkeel doctor`: what this machine has, and whether Driftkeel can work on it.

import type { Command } from "commander";
import { EXIT_CODE } from "./exit-code.ts";
import { checkMachine, isUsable, type MachineReport } from "./machine-check.ts";
import { type Colors, folderCommand, type OutputFlags, present } from "./model-flags.ts";
import type { Session } from "./session.ts";
import { drawPairs } from "./text-table.ts";
import { numberText, sizeText, timeText } from "./value-text.ts";

const DESCRIPTION =
  "Find out what this machine has: Node, the SIMD core and its threads, whether the base " +
  "directory can be written and how long a disk sync takes there, SQLite, events that wait for a " +
  "partner. Leaves nothing behind.";

const EXAMPLES = `
Examples:
  $ driftkeel doctor
  $ driftkeel doctor --base-dir /var/lib/driftkeel --json

Exit codes: 0 usable, 2 wrong usage, 5 something needed is missing.`;

interface DoctorFlags extends OutputFlags {
  baseDir: string;
}

/** Describes the command. */
export function doctorCommand(session: Session): Command {
  const command = folderCommand("doctor", DESCRIPTION, EXAMPLES);
  return command.summary("what this machine has").action(
    session.action(async (flags: DoctorFlags) => {
      const report = await checkMachine(flags.baseDir);
      present(session, flags, machineRecord(report), (colors) => machineText(report, colors));
      return isUsable(report) ? EXIT_CODE.done : EXIT_CODE.failed;
    }),
  );
}

function machineRecord(report: MachineReport) {
  const { node, core, coreFailure, folder, sqlite, outboxes, now } = report;
  return {
    is_usable: isUsable(report),
    node: { version: node.version, needed: node.needed, is_enough: node.isEnough },
    core: core
      ? {
          variant: core.variant,
          is_memory_shared: core.shared,
          threads: core.threads,
          abi_version: core.abiVersion,
          wasm_bytes: core.wasmBytes,
        }
      : null,
    core_failure: coreFailure ?? null,
    disk: {
      path: folder.path,
      is_writable: folder.medianSyncMs !== undefined,
      median_sync_ms: folder.medianSyncMs ?? null,
      failure: folder.failure ?? null,
      free_bytes: folder.freeBytes ?? null,
    },
    sqlite,
    outboxes: outboxes.map(({ path, waiting = null }) => ({ path, waiting })),
    system_clock: now.toISOString(),
  };
}

function machineText(report: MachineReport, colors: Colors): string {
  const { node, core, coreFailure, folder, sqlite, outboxes, now } = report;
  const judged = (isGood: boolean, text: string) => (isGood ? text : colors.red(text));
  const { medianSyncMs, freeBytes, failure } = folder;
  const memory = core?.shared ? "shared memory" : "memory that threads cannot share";
  const pairs: [string, string][] = [
    ["Node", judged(node.isEnough, `${node.version} (${node.needed} is needed)`)],
    [
      "core",
      core === undefined
        ? colors.red(`does not start: ${coreFailure}`)
        : `${core.variant}, ${sizeText(core.wasmBytes)}, ABI ${core.abiVersion}`,
    ],
    ["threads", core ? `${memory}; ${core.threads} in use` : "unknown"],
    ["folder", judged(failure === undefined, `${folder.path}, ${failure ?? "writable"}`)],
    [
      "disk sync",
      medianSyncMs === undefined
        ? colors.red("not measured")
        : `${numberText(medianSyncMs)} ms (median of write and sync of 4 KiB)`,
    ],
    ["disk space", freeBytes === undefined ? "unknown" : `${sizeText(freeBytes)} free`],
    ["SQLite", sqlite ? "libsql is there" : "no libsql (optional: for SqliteSampleStore)"],
    ...outboxes.map(({ path, waiting = "unreadable" }): [string, string] => [
      "outbox",
      colors.red(`${path}: events that wait for a partner: ${waiting}`),
    ]),
    ["time", `${timeText(now)} UTC, the system's clock`],
  ];
  const verdict = isUsable(report)
    ? colors.green("Driftkeel works here.")
    : colors.red("Something that is needed is missing.");
  return `${drawPairs(pairs, colors)}\n${verdict}\n`;
}
