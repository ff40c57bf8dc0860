// One run of the program: where it writes, and what its command ends with.

import { EXIT_CODE, type ExitCode } from "./exit-code.ts";
import type { Output, Terminal } from "./terminal.ts";

/** The outputs of a program and its exit code, which is `done` until a command says otherwise. */
export class Session implements Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  #exitCode: ExitCode = EXIT_CODE.done;

  constructor({ stdout, stderr }: Terminal) {
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** What the command ended with. */
  get exitCode(): ExitCode {
    return this.#exitCode;
  }

  /** An action for commander, which takes no results of actions: keeps the exit code of `run`. */
  action<Values extends unknown[]>(
    run: (...values: Values) => Promise<ExitCode>,
  ): (...values: Values) => Promise<void> {
    return async (...values) => {
      this.#exitCode = await run(...values);
    };
  }
}
