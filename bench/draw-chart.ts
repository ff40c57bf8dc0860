// The report as one picture: how far every measured claim lies from its target.
//
// One bar per claim on a logarithmic axis: right of the target's line it is met, left of it missed.
// Drawn for light and dark pages alike.

import { formatTarget, formatValue } from "./format.ts";
import { type Claim, claimsOf, type Report, type Row, score, type Target } from "./report.ts";
import { openPicture, styleOf, textAt } from "./svg.ts";

const WIDTH = 960;
const TOP = 62;
const LINE = 38;
/** Where bars may begin and end, and where the figures stand. */
const LEFT = 400;
const RIGHT = 770;
/** The axis runs from a quarter of the target to sixteen times it. */
const FIRST = -2;
const LAST = 4;

const style = styleOf(
  `  .met { fill: #1a7f37; }
  .missed { fill: #cf222e; }
  .target { stroke: #1f2328; stroke-width: 1.5; }`,
  `    .met { fill: #3fb950; }
    .missed { fill: #f85149; }
    .target { stroke: #f0f6fc; }`,
);

/** Where a score lies on the axis; scores beyond its ends lie at them. */
function positionOf(points: number): number {
  const exponent = Math.min(LAST, Math.max(FIRST, Math.log2(points)));
  return Math.round(LEFT + ((RIGHT - LEFT) * (exponent - FIRST)) / (LAST - FIRST));
}

function barOf(row: Row, claim: Claim & { value: number; target: Target }, line: number): string {
  const { against, value, unit, target } = claim;
  const points = score(value, target);
  const y = TOP + LINE * line;
  const [from, to] = [positionOf(1), positionOf(points)];
  const kind = points >= 1 ? "met" : "missed";
  const width = Math.max(2, Math.abs(to - from));
  const beside = against === "limit" ? "" : `beside ${against}`;
  return [
    textAt(LEFT - 12, y + 14, row.work, 'text-anchor="end"'),
    textAt(LEFT - 12, y + 29, beside, 'class="quiet" text-anchor="end"'),
    `<rect class="${kind}" x="${Math.min(from, to)}" y="${y + 8}" width="${width}" height="18"/>`,
    textAt(RIGHT + 12, y + 14, formatValue(value, unit)),
    textAt(RIGHT + 12, y + 29, `${kind}: ${formatTarget(target, unit)}`, 'class="quiet"'),
  ].join("\n");
}

function axis(height: number): string {
  const marks = Array.from({ length: LAST - FIRST + 1 }, (_, k) => 2 ** (FIRST + k));
  return marks
    .map((mark) => {
      const x = positionOf(mark);
      const label = mark === 1 ? "target" : `${mark < 1 ? `1/${1 / mark}` : mark}`;
      const line = `<line class="${mark === 1 ? "target" : "grid"}" x1="${x}" x2="${x}"`;
      return [
        `${line} y1="${TOP}" y2="${height - 14}"/>`,
        textAt(x, TOP - 6, label, 'class="quiet" text-anchor="middle"'),
      ].join("\n");
    })
    .join("\n");
}

/** An SVG document. */
export function drawChart(report: Report): string {
  const measured = claimsOf(report).flatMap(({ row, claim }) => {
    const { value, target } = claim;
    return value === undefined || !target ? [] : [{ row, claim: { ...claim, value, target } }];
  });
  const height = TOP + LINE * measured.length + 20;
  const { cpu, cores, date } = report.machine;
  return [
    openPicture(WIDTH, height, "Benchmarks against their targets"),
    style,
    `<rect class="page" width="${WIDTH}" height="${height}"/>`,
    textAt(16, 24, "Driftkeel against its targets", 'class="title"'),
    textAt(16, 42, `${cpu}, ${cores} cores, ${date.slice(0, 10)}`, 'class="quiet"'),
    axis(height),
    ...measured.map(({ row, claim }, line) => barOf(row, claim, line)),
    "</svg>\n",
  ].join("\n");
}
