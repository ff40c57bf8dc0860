// Plots the rolling Sharpe ratio of driftkeel and, in lanes below it, what it led to.

import type { DaySettled, ReplayEvent } from "../replay-event.ts";
import { type Markup, markup } from "./markup.ts";
import { counted, plain } from "./number-text.ts";
import {
  curvePath,
  gridLines,
  HEIGHT,
  legendOf,
  plot,
  point,
  tickLabels,
  WIDTH,
  xOf,
} from "./plot.ts";
import { linearScale } from "./scale.ts";

/** The lower quarter of the drawing belongs to the lanes. */
const CURVE_HEIGHT = 290;
const LANE_HEIGHT = 24;

const LANES = [
  { name: "alert", label: "drift", meaning: "drift alert", kinds: ["drift-detected"] },
  { name: "kept", label: "kept", meaning: "update promoted", kinds: ["update-promoted"] },
  {
    name: "undone",
    label: "undone",
    meaning: "update rejected or failed",
    kinds: ["update-rejected", "update-failed"],
  },
];

/** The middle of a lane, from the top of the drawing. */
function laneMiddle(index: number): number {
  return HEIGHT - (LANES.length - index - 0.5) * (LANE_HEIGHT + 8);
}

/** days: the live days in order; events: everything that happened. */
export function sharpePlot(
  days: readonly DaySettled[],
  events: readonly ReplayEvent[],
  windowSize: number,
): Markup {
  const values = days.map(({ rollingSharpe }) => rollingSharpe);
  // The ratio of the first few days alone says nothing and would set the scale.
  const first = windowSize - 1;
  const scale = linearScale(values.slice(first));
  const y = (value: number) => CURVE_HEIGHT * (1 - scale.at(value));
  const dayOf = new Map(days.map(({ date }, day) => [date, day]));
  const lanes = LANES.map(({ name, meaning, kinds }, index) => {
    const found = events.filter(({ kind }) => kinds.includes(kind));
    const top = laneMiddle(index) - LANE_HEIGHT / 2;
    const marks = found.map(({ date }) => {
      return `M${point(xOf(dayOf.get(date)!, days.length), top)}v${LANE_HEIGHT}`;
    });
    return { name, meaning, count: found.length, path: [...new Set(marks)].join("") };
  });
  const floor = `M0 ${laneMiddle(0) - LANE_HEIGHT / 2 - 8}H${WIDTH}`;
  const span = counted(windowSize, "trading day");
  const counts = lanes.map(({ meaning, count }) => `${meaning}: ${count}`);
  return plot({
    id: "sharpe",
    title: "Rolling Sharpe ratio of driftkeel",
    caption: markup`Per year, over the last ${span}, once there are as many. Below: the
days on which drift was noticed, and those on which an update was tried.`,
    description: `Rolling Sharpe ratio by day, and marks: ${counts.join(", ")}.`,
    legend: legendOf([
      ["line driftkeel", "rolling Sharpe ratio"],
      ...lanes.map(
        ({ name, meaning, count }) =>
          [`mark ${name}`, `${meaning} (${count.toLocaleString("en-US")})`] as const,
      ),
    ]),
    drawing: markup`${gridLines(scale, y, 0)}
<path class="line driftkeel fine" d="${curvePath(values, y, first)}"/>
<path class="grid" d="${floor}"/>
${lanes.map(({ name, path }) => markup`<path class="mark ${name}" d="${path}"/>\n`)}`,
    yLabels: [
      ...tickLabels(scale, y, plain),
      ...LANES.map(({ label }, index) => ({ at: laneMiddle(index) / HEIGHT, text: label })),
    ],
    dates: days.map(({ date }) => date),
  });
}
