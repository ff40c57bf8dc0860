// The command line: which commands there are, and what an error of any of them looks like.

import { Command, CommanderError } from "commander";
import { version } from "../../package.json";
import { isCallerError, isTypedError } from "../errors.ts";
import { auditCommand } from "./audit-command.ts";
import { dailyCommand } from "./daily-command.ts";
import { doctorCommand } from "./doctor-command.ts";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import { exportCommand } from "./export-command.ts";
import { importCommand } from "./import-command.ts";
import { replayCommand } from "./replay-command.ts";
import { rollbackCommand } from "./rollback-command.ts";
import { routerCommand } from "./router-command.ts";
import { runCommand } from "./run-command.ts";
import { serveCommand } from "./serve-command.ts";
import { Session } from "./session.ts";
import { statusCommand } from "./status-command.ts";
import { columnsOf, type Terminal } from "./terminal.ts";
import { versionsCommand } from "./versions-command.ts";
import { workerCommand } from "./worker-command.ts";

const DESCRIPTION = "Online learning you can leave running.";

const COMMANDS: readonly ((session: Session) => Command)[] = [
  replayCommand,
  runCommand,
  dailyCommand,
  serveCommand,
  workerCommand,
  statusCommand,
  versionsCommand,
  rollbackCommand,
  auditCommand,
  exportCommand,
  importCommand,
  routerCommand,
  doctorCommand,
];

/** Errors that say that the command line, or a file it names as configuration, is wrong. */
const USAGE_CODES = new Set(["OPTION_INVALID", "OPTION_UNKNOWN", "VERSION_UNKNOWN", "ID_INVALID"]);

/** Runs the arguments of one command line, prints its errors, and returns the exit code. */
export async function runProgram(args: string[], terminal: Terminal): Promise<ExitCode> {
  const { stdout, stderr } = terminal;
  const session = new Session(terminal);
  const program = new Command("driftkeel")
    .description(DESCRIPTION)
    .version(version)
    // A command may have a --version of its own.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => columnsOf(stdout),
      getErrHelpWidth: () => columnsOf(stderr),
    })
    .exitOverride();
  for (const create of COMMANDS) adopt(program, create(session));
  try {
    await program.parseAsync(args, { from: "user" });
    return session.exitCode;
  } catch (error) {
    // Commander has already printed its own message.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT_CODE.done : EXIT_CODE.usage;
    }
    stderr.write(`error: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}

/** Adds a command with the settings of its parent, which the commands below it take as well. */
function adopt(parent: Command, command: Command): void {
  if (!parent.commands.includes(command)) parent.addCommand(command);
  command.copyInheritedSettings(parent);
  for (const child of command.commands) adopt(command, child);
}

function exitCodeOf(error: unknown): ExitCode {
  if (!isTypedError(error)) return EXIT_CODE.failed;
  if (error.code === "STORE_LOCKED") return EXIT_CODE.locked;
  const isUsage = isCallerError(error) && USAGE_CODES.has(error.code);
  return isUsage ? EXIT_CODE.usage : EXIT_CODE.failed;
}

function messageOf(error: unknown): string {
  if (isTypedError(error)) return `${error.message} (${error.code})`;
  // Anything else is a defect of ours: its stack says where.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
