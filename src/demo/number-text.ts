// Numbers as people read them.

/** A share as a percentage. */
export function percentText(share: number): string {
  return `${Math.round(100 * share)}%`;
}

/** A difference of two shares, in percentage points. */
export function pointsText(share: number): string {
  const points = Math.round(100 * share);
  return `${points} ${Math.abs(points) === 1 ? "point" : "points"}`;
}

/** A duration of nanoseconds, in the unit that fits. */
export function durationText(ns: number): string {
  const units = [
    { name: "ns", size: 1 },
    { name: "\u00b5s", size: 1e3 },
    { name: "ms", size: 1e6 },
    { name: "s", size: 1e9 },
  ];
  const unit = units.findLast(({ size }) => ns >= size) ?? units[0]!;
  return `${threeDigits(ns / unit.size)} ${unit.name}`;
}

/** A positive number with about three digits. */
export function threeDigits(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
