// Numbers that JSON can carry.

/** The number, or null where there is none that JSON has a text for. */
export function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
