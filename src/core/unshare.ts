// Turns the core's binary into one for memory that is not shared.
//
// A module says in its import section whether its memory is shared. Browsers share memory only on
// isolated pages, and a second binary for all others would double the bundle for the sake of one
// bit. Nothing else differs: the instructions for threads are valid on unshared memory, and the
// core only waits when it has helpers.

const IMPORT_SECTION = 2;
const KIND_MEMORY = 2;
const HAS_MAXIMUM = 1;
const HAS_MAXIMUM_AND_SHARED = 3;

/** A copy of `bytes` whose memory import is not shared. */
export function unshare(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  let at = 8; // magic and version

  /** Reads an unsigned LEB128 number. */
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = copy[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const skipName = (): void => {
    const length = number();
    at += length;
  };

  while (copy[at] !== IMPORT_SECTION) {
    at++;
    const length = number();
    at += length;
  }
  at++;
  number(); // length of the section
  for (let left = number(); left > 0; left--) {
    skipName();
    skipName();
    if (copy[at++] === KIND_MEMORY) {
      if (copy[at] !== HAS_MAXIMUM_AND_SHARED) break;
      copy[at] = HAS_MAXIMUM;
      return copy;
    }
    number(); // a function's type
  }
  throw new Error("Expected the core's binary to import a shared memory with a maximum.");
}
