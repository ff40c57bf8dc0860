// The frame of a plot: a drawing that stretches to the page, and labels that keep their size.

import { type Markup, markup } from "./markup.ts";
import type { Scale } from "./scale.ts";

/** Size of every drawing in its own units; the page stretches it, lines keep their width. */
export const WIDTH = 1000;
export const HEIGHT = 400;

/** Columns of days per curve; each has at most two points, its lowest and its highest day. */
export const MAX_COLUMNS = 1000;

/** Years that can be labelled side by side; every other one gives way on a phone. */
const MAX_LABELS = 10;

/** A label beside an axis, at a share of its length from the top or the left. */
export interface AxisLabel {
  at: number;
  text: string;
}

/** Everything a plot consists of. */
export interface PlotParts {
  /** Identifies the plot on the page: a word. */
  id: string;
  title: string;
  /** What is seen, in a sentence or two. */
  caption: Markup;
  /** What the drawing shows, for those who cannot see it. */
  description: string;
  legend: Markup;
  drawing: Markup;
  yLabels: AxisLabel[];
  dates: readonly string[];
}

/** The horizontal position of a day among `count`; the first is at the left edge. */
export function xOf(day: number, count: number): number {
  return count < 2 ? WIDTH / 2 : (day * WIDTH) / (count - 1);
}

/** One decimal of a unit is finer than a pixel. */
function unit(value: number): string {
  return String(Number(value.toFixed(1)));
}

/** A point in path syntax. */
export function point(x: number, y: number): string {
  return `${unit(x)} ${unit(y)}`;
}

/** The days of `values` that are drawn: all, or of each column the lowest and the highest one. */
function drawnDays(values: readonly number[]): number[] {
  const size = Math.ceil(values.length / MAX_COLUMNS);
  if (size <= 1) return [...values.keys()];
  const days: number[] = [];
  for (let start = 0; start < values.length; start += size) {
    let low = start;
    let high = start;
    for (let day = start; day < Math.min(start + size, values.length); day++) {
      if (values[day]! < values[low]!) low = day;
      if (values[day]! > values[high]!) high = day;
    }
    days.push(Math.min(low, high));
    if (low !== high) days.push(Math.max(low, high));
  }
  if (days.at(-1) !== values.length - 1) days.push(values.length - 1);
  return days;
}

/**
 * The path of a curve with a value per day, from day `first` to the last one.
 * y: vertical position of a value, in drawing units.
 */
export function curvePath(
  values: readonly number[],
  y: (value: number) => number,
  first = 0,
): string {
  const drawn = values.slice(first);
  const points = drawnDays(drawn).map((day) =>
    point(xOf(first + day, values.length), y(drawn[day]!)),
  );
  return points.length === 0 ? "" : `M${points.join("L")}`;
}

/** Lines across the drawing at the ticks of an axis; `y` as in `curvePath`. */
export function gridLines(scale: Scale, y: (value: number) => number, origin: number): Markup {
  const lines = scale.ticks.map((tick) => {
    const name = tick === origin ? "origin" : "grid";
    return markup`<path class="${name}" d="M0 ${unit(y(tick))}H${WIDTH}"/>`;
  });
  return markup`${lines}`;
}

/** The labels of an axis at its ticks. */
export function tickLabels(
  scale: Scale,
  y: (value: number) => number,
  text: (tick: number) => string,
): AxisLabel[] {
  return scale.ticks.map((tick) => ({ at: y(tick) / HEIGHT, text: text(tick) }));
}

/** Where the years begin; months, evenly spaced, where there are fewer than three years. */
function dateLabels(dates: readonly string[]): AxisLabel[] {
  const label = (day: number, length: number) => {
    return { at: xOf(day, dates.length) / WIDTH, text: dates[day]!.slice(0, length) };
  };
  const starts = [...dates.keys()].filter(
    (day) => day > 0 && dates[day]!.slice(0, 4) !== dates[day - 1]!.slice(0, 4),
  );
  if (starts.length > 2) {
    const every = Math.ceil(starts.length / MAX_LABELS);
    return starts.filter((_, index) => index % every === 0).map((day) => label(day, 4));
  }
  const quarters = [1, 3, 5, 7].map((eighth) => Math.floor((eighth * (dates.length - 1)) / 8));
  return [...new Set(quarters)].map((day) => label(day, 7));
}

function share(value: number): string {
  return `${(100 * value).toFixed(2)}%`;
}

/** Returns the figure: caption, legend, drawing and axes. */
export function plot(parts: PlotParts): Markup {
  const { id, title, caption, description, legend, drawing } = parts;
  const beside = parts.yLabels.map(
    ({ at, text }) => markup`<span style="top:${share(at)}">${text}</span>`,
  );
  const below = dateLabels(parts.dates).map(
    ({ at, text }) => markup`<span style="left:${share(at)}">${text}</span>`,
  );
  return markup`<figure id="${id}">
<figcaption><h2>${title}</h2><p>${caption}</p></figcaption>
${legend}
<div class="frame">
<div class="y" aria-hidden="true">${beside}</div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img"
 aria-label="${description}">
${drawing}
</svg>
<div class="x" aria-hidden="true">${below}</div>
</div>
</figure>
`;
}

/** A legend that only explains. entries: the class of a line or mark, and its meaning. */
export function legendOf(entries: readonly (readonly [name: string, meaning: string])[]): Markup {
  const items = entries.map(([name, meaning]) => markup`<li>${swatch(name)}${meaning}</li>`);
  return markup`<ul class="legend">${items}</ul>`;
}

/** A short line in the style of a class, as in the drawing. */
export function swatch(name: string): Markup {
  return markup`<svg class="swatch" viewBox="0 0 24 12" aria-hidden="true">
<path class="${name}" d="M1 6H23"/></svg>`;
}
