// What the checks of stores expect, without a test framework: each throws an Error that says what
// came instead.

/** Rejects unless `call` rejects with an error of this code. */
export async function expectCode(code: string, call: () => Promise<unknown>): Promise<void> {
  const outcome = await call().then(
    () => "no error",
    (error) => (error as { code?: string }).code ?? String(error),
  );
  if (outcome !== code) throw new Error(`Expected ${code}, got ${outcome}.`);
}

/** Throws unless two values have the same members, numbers and bytes. */
export function expectEqual(got: unknown, expected: unknown): void {
  const [ours, theirs] = [describe(got), describe(expected)];
  if (ours !== theirs) throw new Error(`Expected ${theirs}, got ${ours}.`);
}

/** A text that is the same for equal values: members in order of their names, numbers in full. */
function describe(value: unknown): string {
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (ArrayBuffer.isView(value)) {
    const kind = value instanceof Float32Array ? "f32" : "bytes";
    return `${kind} [${Array.from(value as Uint8Array).join()}]`;
  }
  if (Array.isArray(value)) return `[${value.map(describe).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${name}: ${describe(each)}`).join()}}`;
}
