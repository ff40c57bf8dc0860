// Cuts the bytes of a file into lines.

const LINE_FEED = 0x0a;

/** Lines without their line feeds, and what follows the last line feed. Views of the same bytes. */
export interface Lines {
  lines: Uint8Array[];
  rest: Uint8Array;
}

/** Splits at every line feed. */
export function splitLines(bytes: Uint8Array): Lines {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return { lines, rest: bytes.subarray(start) };
}
