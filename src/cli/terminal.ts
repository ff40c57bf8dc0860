// Where a command writes: results to one stream, everything about their making to another.

/** A stream that may be a terminal. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

/** The two outputs of a command. */
export interface Terminal {
  stdout: Output;
  stderr: Output;
}

/** Columns to fill when the output does not say. */
const DEFAULT_COLUMNS = 80;

/** The width of an output in characters. */
export function columnsOf(output: Output): number {
  return output.columns ?? DEFAULT_COLUMNS;
}

/** Whether an output shows colours: a terminal, unless the environment sets NO_COLOR. */
export function hasColors(output: Output): boolean {
  return output.isTTY === true && !process.env.NO_COLOR;
}
