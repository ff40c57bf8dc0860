// The flags that every command on the folders of models takes, and how its results are shown.

import { Command } from "commander";
import pc from "picocolors";
import type { Session } from "./session.ts";
import { hasColors } from "./terminal.ts";

/** How a command shows its results. */
export interface OutputFlags {
  json?: true;
  quiet?: true;
}

/** The flags as commander hands them over. */
export interface ModelFlags extends OutputFlags {
  baseDir: string;
  model?: string;
}

/** Colours, or functions that change nothing. */
export type Colors = ReturnType<typeof pc.createColors>;

/** A command with `--base-dir`, `--json` and `--quiet`, and `examples` below its help. */
export function folderCommand(name: string, description: string, examples: string): Command {
  return new Command(name)
    .description(description)
    .option("--base-dir <folder>", "the folder that holds a folder per model", "./driftkeel-data")
    .option("--json", "print the result as JSON instead of text")
    .option("--quiet", "print neither text nor notes, only errors (and JSON with --json)")
    .addHelpText("after", `\n${examples.trim()}`);
}

/** The same with `--model`. */
export function modelCommand(name: string, description: string, examples: string): Command {
  const command = folderCommand(name, description, examples);
  return command.option("--model <id>", "which model; needed when there are several");
}

/** Prints a result: as JSON (snake_case members) or, unless quiet, as the text `draw` gives. */
export function present(
  { stdout }: Session,
  { json, quiet }: OutputFlags,
  record: object,
  draw: (colors: Colors) => string,
): void {
  if (json) stdout.write(`${JSON.stringify(record, null, 2)}\n`);
  else if (!quiet) stdout.write(draw(pc.createColors(hasColors(stdout))));
}
