// Numbers as people read them, and verdicts in words.

import { type Claim, type Figure, score, type Target, verdictOf } from "./report.ts";

/** Three significant digits, thousands apart. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return Number(value.toPrecision(3)).toString();
}

const timeUnits = [
  { name: "s", ns: 1e9 },
  { name: "ms", ns: 1e6 },
  { name: "us", ns: 1e3 },
];

/** A value in its unit; times in the largest unit that leaves a whole number. */
export function formatValue(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "-";
  if (unit === "ns") {
    const fitting = timeUnits.find(({ ns }) => Math.abs(value) >= ns);
    if (fitting) return `${formatNumber(value / fitting.ns)} ${fitting.name}`;
  }
  return unit === "%" ? `${formatNumber(value)}%` : `${formatNumber(value)} ${unit}`;
}

export function formatFigure(figure: Figure | undefined): string {
  return figure ? formatValue(figure.value, figure.unit) : "";
}

export function formatP99(figure: Figure | undefined): string {
  return figure?.p99 === undefined ? "" : formatValue(figure.p99, figure.unit);
}

export function formatTarget(target: Target | undefined, unit: string): string {
  if (!target) return "";
  return "least" in target
    ? `at least ${formatValue(target.least, unit)}`
    : `at most ${formatValue(target.most, unit)}`;
}

/** "met", "missed by 12%", "not measured: why". */
export function formatVerdict(claim: Claim): string {
  const verdict = verdictOf(claim);
  if (claim.value === undefined && claim.absent !== undefined) return claim.absent;
  if (verdict === "no target") return "";
  if (verdict !== "missed") return verdict;
  const { value, target } = claim;
  const share = "least" in target! ? 1 - score(value!, target) : 1 / score(value!, target!) - 1;
  return `missed by ${formatNumber(100 * share)}%`;
}
