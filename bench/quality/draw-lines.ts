// The chart of a quality table as a picture: lines over a common axis, for light and dark pages.

import { openPicture, styleOf, textAt } from "../svg.ts";
import type { QualityChart } from "./table.ts";

const WIDTH = 760;
const HEIGHT = 380;
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 540, 48, 326];
const LEGEND = 560;
const LINE = 22;

/** One colour for each line on a light and on a dark page; more lines repeat them dashed. */
const colors = [
  ["#0969da", "#4493f8"],
  ["#cf222e", "#f85149"],
  ["#1a7f37", "#3fb950"],
  ["#8250df", "#ab7df8"],
  ["#bc4c00", "#f0883e"],
  ["#59636e", "#9198a1"],
] as const;

const strokes = (page: 0 | 1) =>
  colors.map((pair, index) => `  .line${index} { stroke: ${pair[page]}; }`).join("\n");
const style = styleOf(`  .line { fill: none; stroke-width: 2; }\n${strokes(0)}`, strokes(1));

/** From one number to another in round steps: about `count` of them. */
function roundSteps(lowest: number, highest: number, count: number): number[] {
  const raw = (highest - lowest) / count || 1;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 5].find((each) => each * unit >= raw) ?? 10);
  const first = Math.floor(lowest / step);
  const last = Math.ceil(highest / step);
  // The product is rounded: 3 * 0.1 is not 0.3.
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return Array.from({ length: last - first + 1 }, (_, k) =>
    Number(((first + k) * step).toFixed(digits)),
  );
}

/** Where values lie between two ends of the picture. */
function scaleOf(marks: readonly number[], from: number, to: number): (value: number) => number {
  const [first, last] = [marks[0]!, marks.at(-1)!];
  return (value) => Math.round(10 * (from + ((to - from) * (value - first)) / (last - first))) / 10;
}

/** An SVG document. */
export function drawLines(title: string, chart: QualityChart): string {
  const points = chart.series.flatMap((series) => series.points);
  const range = (axis: 0 | 1, count: number): number[] => {
    const values = points.map((point) => point[axis]);
    return roundSteps(Math.min(...values), Math.max(...values), count);
  };
  const [xMarks, yMarks] = [range(0, 6), range(1, 6)];
  const [x, y] = [scaleOf(xMarks, LEFT, RIGHT), scaleOf(yMarks, BOTTOM, TOP)];
  const lines = chart.series.map(({ name, points: own }, index) => {
    const dash = index < colors.length ? "" : ' stroke-dasharray="5 4"';
    const look = `class="line line${index % colors.length}"${dash}`;
    const path = own.map(([a, b]) => `${x(a)},${y(b)}`).join(" ");
    const at = TOP + 8 + LINE * index;
    return [
      `<polyline ${look} points="${path}"/>`,
      `<line ${look} x1="${LEGEND}" x2="${LEGEND + 24}" y1="${at}" y2="${at}"/>`,
      textAt(LEGEND + 32, at + 4, name),
    ].join("\n");
  });
  return [
    openPicture(WIDTH, HEIGHT, title),
    style,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}"/>`,
    textAt(16, 24, title, 'class="title"'),
    ...yMarks.map((mark) =>
      [
        `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y(mark)}" y2="${y(mark)}"/>`,
        textAt(LEFT - 8, y(mark) + 4, `${mark}`, 'class="quiet" text-anchor="end"'),
      ].join("\n"),
    ),
    ...xMarks.map((mark) =>
      textAt(x(mark), BOTTOM + 18, `${mark}`, 'class="quiet" text-anchor="middle"'),
    ),
    textAt((LEFT + RIGHT) / 2, BOTTOM + 40, chart.xLabel, 'class="quiet" text-anchor="middle"'),
    textAt(LEFT, TOP - 8, chart.yLabel, 'class="quiet"'),
    ...lines,
    "</svg>\n",
  ].join("\n");
}
