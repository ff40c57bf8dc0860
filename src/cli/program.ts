// The command line: which commands there are, and what an error of any of them looks like.

import { Command, CommanderError } from "commander";
import { version } from "../../package.json";
import { DriftkeelError, DriftkeelRangeError, DriftkeelTypeError } from "../errors.ts";
import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import { replayCommand } from "./replay-command.ts";
import { columnsOf, type Terminal } from "./terminal.ts";

const DESCRIPTION = "Online learning you can leave running.";

/** Runs the arguments of one command line, prints its errors, and returns the exit code. */
export async function runProgram(args: string[], terminal: Terminal): Promise<ExitCode> {
  const { stdout, stderr } = terminal;
  const program = new Command("driftkeel")
    .description(DESCRIPTION)
    .version(version)
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => columnsOf(stdout),
      getErrHelpWidth: () => columnsOf(stderr),
    })
    .exitOverride();
  program.addCommand(replayCommand(terminal).copyInheritedSettings(program));
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT_CODE.done;
  } catch (error) {
    // Commander has already printed its own message.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT_CODE.done : EXIT_CODE.usage;
    }
    stderr.write(`error: ${messageOf(error)}\n`);
    return isUsageError(error) ? EXIT_CODE.usage : EXIT_CODE.failed;
  }
}

function isUsageError(error: unknown): boolean {
  const isOurs = error instanceof DriftkeelRangeError || error instanceof DriftkeelTypeError;
  return isOurs && error.code === "OPTION_INVALID";
}

function messageOf(error: unknown): string {
  const isOurs =
    error instanceof DriftkeelError ||
    error instanceof DriftkeelRangeError ||
    error instanceof DriftkeelTypeError;
  if (isOurs) return `${error.message} (${error.code})`;
  // Anything else is a defect of ours: its stack says where.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
