// The exit codes of every command.

/** What a command ended with, as the shell sees it. */
export const EXIT_CODE = { done: 0, usage: 2, failed: 5 } as const;

/** One of the exit codes. */
export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
