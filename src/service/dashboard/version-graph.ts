// The lines beside the time line: from each version to its parent, from each rollback to its goal.

import { shape } from "./elements.ts";
import type { Turn } from "./history.ts";

/** Pixels: where the nodes stand, and how far a curve may swing to their left. */
const NODE_X = 34;
const LEAST_SWING = 10;
const MOST_SWING = 28;
const RADIUS = 5;
/** From the top of a row to the middle of its first line. */
const FIRST_LINE = 12;

/**
 * Draws the lines. `rows` are those of the first `turns`, in the same order, below each other; a
 * line to a turn without a row goes on to the end.
 */
export function drawGraph(
  drawing: SVGElement,
  turns: readonly Turn[],
  rows: readonly HTMLElement[],
): void {
  const last = rows.at(-1);
  const end = last ? last.offsetTop + last.offsetHeight : 0;
  const y = (index: number) => (rows[index] ? rows[index].offsetTop + FIRST_LINE : end);
  const rowOf = new Map(turns.map((turn, index) => [turn.id, index]));
  const shapes: SVGElement[] = [];
  const shown = turns.slice(0, rows.length);
  for (const [index, turn] of shown.entries()) {
    const goal = turn.kind === "rollback" ? turn.to : turn.parent;
    const to = goal === undefined ? undefined : rowOf.get(goal);
    if (to !== undefined && to !== index) shapes.push(...edge(turn.kind, index, to, y));
  }
  for (const [index, turn] of shown.entries()) {
    const r = turn.kind === "rollback" ? RADIUS - 1 : RADIUS;
    const { node = "" } = rows[index]!.dataset;
    shapes.push(shape("circle", { class: `node ${node}`, cx: NODE_X, cy: y(index), r }));
  }
  drawing.replaceChildren(...shapes);
}

/** A straight line between neighbours, else a curve; a rollback ends in the tip of an arrow. */
function edge(
  kind: Turn["kind"],
  start: number,
  end: number,
  y: (index: number) => number,
): SVGElement[] {
  const [from, to] = [y(start), y(end)];
  const isArrow = kind === "rollback";
  if (!isArrow && Math.abs(end - start) === 1) {
    return [shape("path", { class: "edge", d: `M${NODE_X} ${from}V${to}` })];
  }
  const swing = Math.min(MOST_SWING, LEAST_SWING + 5 * Math.abs(end - start));
  const x = NODE_X - RADIUS - 1;
  const side = NODE_X - swing;
  const bend = Math.min(30, Math.abs(to - from) / 2) * Math.sign(to - from);
  const d =
    `M${x} ${from}Q${side} ${from} ${side} ${from + bend}V${to - bend}` +
    `Q${side} ${to} ${x} ${to}`;
  const line = shape("path", { class: isArrow ? "edge back" : "edge", d });
  if (!isArrow) return [line];
  return [line, shape("path", { class: "tip", d: `M${x} ${to}l-6 -3.5v7Z` })];
}
