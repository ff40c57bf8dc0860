// Draws the world of the drift page: what the model believes, where the truth changes, the points.

import { CELLS, type DriftView } from "./drift-session.ts";
import { borderAt } from "./drift-world.ts";
import { colorOf } from "./palette.ts";

/** Pieces of the curve on either side of its middle, and how far it reaches: past every corner. */
const STEPS = 40;
const REACH = 1.5;
/** How strong the model's belief is drawn. */
const SHADE = 0.34;

/** Draws on a square canvas; y grows upwards. */
export function drawWorld(canvas: HTMLCanvasElement, view: DriftView): void {
  const pen = canvas.getContext("2d")!;
  const size = canvas.width;
  pen.clearRect(0, 0, size, size);
  drawBelief(pen, size, view.field);
  drawTruth(pen, size, view.journal.degrees);
  drawPoints(pen, size, view.points);
}

const toPixel = (size: number, value: number) => ((value + 1) / 2) * size;

function drawBelief(pen: CanvasRenderingContext2D, size: number, field: Float32Array): void {
  const edge = (cell: number) => Math.round((cell * size) / CELLS);
  for (const [index, belief] of field.entries()) {
    const column = index % CELLS;
    const row = CELLS - 1 - Math.floor(index / CELLS);
    const [left, top] = [edge(column), edge(row)];
    pen.fillStyle = colorOf(belief > 0.5 ? "--class-1" : "--class-0");
    pen.globalAlpha = SHADE * Math.min(1, Math.abs(2 * belief - 1));
    pen.fillRect(left, top, edge(column + 1) - left, edge(row + 1) - top);
  }
  pen.globalAlpha = 1;
}

function drawTruth(pen: CanvasRenderingContext2D, size: number, degrees: number): void {
  pen.beginPath();
  for (let step = -STEPS; step <= STEPS; step++) {
    const [x, y] = borderAt((REACH * step) / STEPS, degrees);
    pen.lineTo(toPixel(size, x), size - toPixel(size, y));
  }
  pen.strokeStyle = colorOf("--ink");
  pen.lineWidth = size / 160;
  pen.stroke();
}

function drawPoints(
  pen: CanvasRenderingContext2D,
  size: number,
  points: DriftView["points"],
): void {
  const radius = size / 110;
  for (const [index, { x, y, kind, isRight }] of points.entries()) {
    pen.globalAlpha = 0.25 + (0.75 * (index + 1)) / points.length;
    const [left, top] = [toPixel(size, x), size - toPixel(size, y)];
    pen.fillStyle = colorOf(`--class-${kind}`);
    pen.beginPath();
    pen.arc(left, top, radius, 0, 2 * Math.PI);
    pen.fill();
    if (isRight) continue;
    pen.strokeStyle = colorOf("--ink");
    pen.lineWidth = size / 250;
    pen.beginPath();
    pen.arc(left, top, 2.2 * radius, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}
