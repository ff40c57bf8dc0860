// Sizes, moments and measurements as a person reads them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `812 B`, `1.4 KiB`. */
export function sizeText(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `2026-11-20 12:30:45`, in UTC. */
export function timeText(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", " ");
}

/** Four significant digits. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

/** `loss 0.1234, weightNorm 5.6`; `none` for no measurement. */
export function measurementsText(measurements: Readonly<Record<string, number>>): string {
  const all = Object.entries(measurements).map(([name, value]) => `${name} ${numberText(value)}`);
  return all.length === 0 ? "none" : all.join(", ");
}
