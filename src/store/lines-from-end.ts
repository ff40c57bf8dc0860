// Reads a file of lines from its end, and no more of it than is asked for.

import type { Disk } from "./disk.ts";

const LINE_FEED = 0x0a;
/** Bytes read at a time: some hundred lines. */
const BLOCK_BYTES = 65_536;

/**
 * What follows the last line feed, which may be nothing, then the lines from the last to the first;
 * all without their line feeds. A file that is not there is an empty one. What is appended
 * meanwhile does not come. Throws what `disk` throws.
 */
export async function* linesFromEnd(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  /** Of the line whose beginning has not been read yet; the last piece comes first. */
  let pieces: Uint8Array[] = [];
  for (let end = (await disk.sizeOf(path)) ?? 0; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = (await disk.readPart(path, start, end)) ?? new Uint8Array(0);
    let lineEnd = block.length;
    for (let at = lineEnd - 1; at >= 0; at = lineEnd - 1) {
      const feed = block.lastIndexOf(LINE_FEED, at);
      if (feed < 0) break;
      pieces.push(block.subarray(feed + 1, lineEnd));
      yield joined(pieces);
      pieces = [];
      lineEnd = feed;
    }
    pieces.push(block.subarray(0, lineEnd));
    end = start;
  }
  yield joined(pieces);
}

/** The bytes of all pieces, the last of which comes first. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = whole.length;
  for (const piece of pieces) {
    end -= piece.length;
    whole.set(piece, end);
  }
  return whole;
}
