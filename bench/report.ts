// What a run of the benches finds: rows of figures, claims made of them, the machine they hold for.

/** A number with its unit. Times are in ns here and shown in the unit that suits them. */
export interface Figure {
  /** The median, or the one value there is. */
  value: number;
  /** "ns" is a time; any other unit is shown as it is. */
  unit: string;
  /** 99th percentile of a time. */
  p99?: number;
}

/** Least or most that the specification asks for. */
export type Target = { least: number } | { most: number };

/** Our figure beside one other figure or limit. */
export interface Claim {
  /** What we are held against: "plain JS", "native C", "limit". */
  against: string;
  figure?: Figure;
  /** What is compared with the target; absent when it could not be measured. */
  value?: number;
  /** Unit of value and target: "x" (times as fast), "%" (of the speed), or that of a limit. */
  unit: string;
  target?: Target;
  /** Why there is no value, in words. */
  absent?: string;
}

/** One piece of work, measured. */
export interface Row {
  work: string;
  /** Absent when there was nothing to measure. */
  ours?: Figure;
  claims: Claim[];
  /** What was found equal before the clock started, and how closely. */
  checked: string;
}

/** Rows measured in one process. */
export interface GroupResult {
  name: string;
  title: string;
  rows: Row[];
}

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  /** Name and version of every runtime and compiler that took part. */
  runtimes: Record<string, string>;
  commit: string;
  /** ISO date of the start, UTC. */
  date: string;
  /** Load averages over 1 minute: at the start and at the end of the run. */
  loadBefore: number;
  loadAfter: number;
}

export interface Report {
  machine: Machine;
  /** The command that repeats the run. */
  command: string;
  /** A smoke run: everything was executed, nothing was measured well. */
  isQuick: boolean;
  groups: GroupResult[];
}

export type Verdict = "met" | "missed" | "not measured" | "no target";

export function verdictOf({ value, target }: Claim): Verdict {
  if (!target) return "no target";
  if (value === undefined) return "not measured";
  return score(value, target) >= 1 ? "met" : "missed";
}

/** How a value stands to its target: 1 is just met, 2 twice as good, 0.5 half as good. */
export function score(value: number, target: Target): number {
  return "least" in target ? value / target.least : target.most / value;
}

/** All claims with the row they belong to. */
export function claimsOf(report: Report): { row: Row; claim: Claim }[] {
  return report.groups.flatMap(({ rows }) =>
    rows.flatMap((row) => row.claims.map((claim) => ({ row, claim }))),
  );
}
