// A line plot that fits its place, follows light and dark, and is drawn again for every frame.

import UPlot from "uplot";
import { colorOf, onColorChange } from "./palette.ts";

/** One line: its name, and its colour in the style sheet. */
export interface PlotLine {
  label: string;
  color: string;
  width?: number;
}

export interface LinePlotOptions {
  place: HTMLElement;
  lines: readonly PlotLine[];
  height: number;
  /** Ends of the axes, asked at every draw. */
  xRange: () => [number, number];
  yRange: () => [number, number];
  /** Where numbers stand at the x axis; default: at round ones. */
  xPlaces?: readonly number[];
  /** What stands at the axes; default: the number. */
  xText?: (value: number) => string;
  yText?: (value: number) => string;
  /** Paints behind the lines, in canvas pixels. */
  behind?: (paint: Paint) => void;
}

/** What `behind` paints with. */
export interface Paint {
  pen: CanvasRenderingContext2D;
  /** Pixels of a place on the x axis. */
  x: (value: number) => number;
  top: number;
  bottom: number;
  /** Canvas pixels of one pixel of the page. */
  scale: number;
}

const FONT = "12px system-ui, sans-serif";

/** A plot in an element of the page. */
export class LinePlot {
  readonly #plot: UPlot;

  constructor(options: LinePlotOptions) {
    const { place, lines, height } = options;
    const empty: [number[], ...number[][]] = [[], ...lines.map(() => [])];
    this.#plot = new UPlot(plotOptions(options), empty, place);
    onColorChange(() => this.#plot.redraw());
    new ResizeObserver(() => {
      const width = place.clientWidth;
      if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height });
    }).observe(place);
  }

  /** Shows other numbers: x, and a line's y for each, null where there is none. */
  draw(x: readonly number[], ys: readonly (readonly (number | null)[])[]): void {
    this.#plot.setData([x, ...ys] as UPlot.AlignedData);
  }
}

function plotOptions(options: LinePlotOptions): UPlot.Options {
  const { place, lines, height, xRange, yRange, xPlaces, xText, yText, behind } = options;
  const text = (show: ((value: number) => string) | undefined) =>
    show && ((_: UPlot, splits: number[]) => splits.map(show));
  const axis = (show: UPlot.Axis["values"] | undefined, size: number) => ({
    stroke: () => colorOf("--soft"),
    grid: { stroke: () => colorOf("--rule"), width: 1 },
    ticks: { show: false },
    font: FONT,
    size,
    ...(show && { values: show }),
  });
  return {
    width: Math.max(place.clientWidth, 200),
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: { x: { time: false, range: () => xRange() }, y: { range: () => yRange() } },
    axes: [
      { ...axis(text(xText), 26), ...(xPlaces && { splits: [...xPlaces], grid: { show: false } }) },
      axis(text(yText), 44),
    ],
    series: [
      {},
      ...lines.map(({ label, color, width = 2 }) => ({
        label,
        width,
        stroke: () => colorOf(color),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { drawClear: [(plot) => behind?.(paintOf(plot))] },
  };
}

function paintOf(plot: UPlot): Paint {
  const { top, height } = plot.bbox;
  return {
    pen: plot.ctx,
    x: (value) => plot.valToPos(value, "x", true),
    top,
    bottom: top + height,
    scale: devicePixelRatio,
  };
}
