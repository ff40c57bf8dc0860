// Names what the caller passed, for the "got ..." part of an error message.

const SHOWN_CHARACTERS = 40;

function shorten(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (kind === "Object") return "an object";
  const named = `${/^[AEIO]/.test(kind) ? "an" : "a"} ${shorten(kind)}`;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return `${named} of length ${(value as Float32Array).length}`;
  }
  return named;
}

/**
 * A short text for any value: numbers as they are, strings quoted and cut, objects by their kind
 * and length. Never throws: an object whose members throw is an object.
 */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shorten(value));
  if (typeof value === "object" && value !== null) {
    try {
      return describeObject(value);
    } catch {
      return "an object";
    }
  }
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  return String(value);
}
