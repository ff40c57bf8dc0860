// Shows a few pictures of each task.

import { find } from "./element.ts";
import { TASKS } from "./forgetting-run.ts";
import { firstPictures } from "./forgetting-tasks.ts";
import { PIXELS, SIDE } from "./glyphs.ts";

/** Pictures side by side and one above the other, a pixel apart. */
const COLUMNS = 3;
const ROWS = 2;

/** Draws the pictures of all tasks of a run, as their networks see them. */
export function drawTasks(seed: number): void {
  for (let task = 0; task < TASKS; task++) {
    const canvas = find(`pictures-${task + 1}`, HTMLCanvasElement);
    drawPictures(canvas, firstPictures(seed, task, COLUMNS * ROWS));
  }
}

function drawPictures(canvas: HTMLCanvasElement, pictures: readonly Float32Array[]): void {
  const pen = canvas.getContext("2d")!;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const [index, picture] of pictures.entries()) {
    const image = pen.createImageData(SIDE, SIDE);
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      const shade = 255 - Math.round(225 * picture[pixel]!);
      image.data.set([shade, shade, shade, 255], 4 * pixel);
    }
    const [column, row] = [index % COLUMNS, Math.floor(index / COLUMNS)];
    pen.putImageData(image, column * (SIDE + 1), row * (SIDE + 1));
  }
}
