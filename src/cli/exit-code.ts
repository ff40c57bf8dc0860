// The exit codes of every command.

/** What a command ended with, as the shell sees it. docs/cli.md explains each. */
export const EXIT_CODE = {
  done: 0,
  usage: 2,
  skipped: 3,
  rejected: 4,
  failed: 5,
  rolledBack: 6,
  locked: 7,
} as const;

/** One of the exit codes. */
export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
