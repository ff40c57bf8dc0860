// Shows a replay while it runs: a line for each finished year and, on a terminal, a bar below.

import cliProgress from "cli-progress";
import type { BarFile } from "../replay/bars.ts";
import { sharpeRatio } from "../replay/performance.ts";
import {
  type BaseTrained,
  type DaySettled,
  type ReplayEvent,
  TRADERS,
} from "../replay/replay-event.ts";
import { signedNumber } from "./signed-number.ts";
import type { Output } from "./terminal.ts";

const BAR_FORMAT = "{bar} {percentage}%  {date}  30-day Sharpe {sharpe}";
const BAR_SIZE = 30;

/** Columns of a year's line: their width, and their title on two lines. */
const COLUMNS = [
  { width: 5, title: ["", "year"] },
  { width: 8, title: ["", "hold"] },
  { width: 9, title: ["Sharpe", "static"] },
  { width: 9, title: ["after", "naive"] },
  { width: 11, title: ["costs", "driftkeel"] },
  { width: 8, title: ["drift", "alerts"] },
  { width: 10, title: ["updates", "promoted"] },
  { width: 10, title: ["updates", "rejected"] },
  { width: 8, title: ["rolled", "back"] },
] as const;

const lineOf = (cells: readonly (string | number)[]): string =>
  `${cells.map((cell, at) => String(cell).padStart(COLUMNS[at]!.width)).join("")}\n`;

const YEAR_HEADER = `\n${[0, 1]
  .map((line) => lineOf(COLUMNS.map(({ title }) => title[line]!)))
  .join("")}`;

/** Writes to a stream that is not the results'. */
export class ReplayProgress {
  readonly #output: Output;
  readonly #file: BarFile;
  #year: ReplayEvent[] = [];
  #bars: cliProgress.MultiBar | undefined;
  #bar: cliProgress.SingleBar | undefined;

  constructor(output: Output, file: BarFile) {
    this.#output = output;
    this.#file = file;
    const { name, bars } = file;
    const span = `${bars[0]!.date} to ${bars.at(-1)!.date}`;
    output.write(`Replaying ${name}: ${bars.length} days, ${span}.\n`);
  }

  /** Shows what one event changes. */
  show(event: ReplayEvent): void {
    if (event.kind === "base-trained") {
      this.#start(event);
      return;
    }
    const isNewYear = this.#year[0]?.date.slice(0, 4) !== event.date.slice(0, 4);
    if (isNewYear && this.#year.length > 0) this.#finishYear();
    this.#year.push(event);
    if (event.kind === "day-settled") {
      this.#bar?.increment(1, { date: event.date, sharpe: signedNumber(event.rollingSharpe) });
    }
  }

  /** Shows the last year and takes the bar away; nothing to do the second time. */
  finish(): void {
    if (this.#year.length > 0) this.#finishYear();
    this.#bars?.update();
    this.#bars?.stop();
    this.#bars = undefined;
    this.#bar = undefined;
  }

  #start(base: BaseTrained): void {
    const loss = `${base.lossBefore.toFixed(3)} -> ${base.lossAfter.toFixed(3)}`;
    const trained = `Base network: ${base.samples} days to ${base.date}, ${base.steps} steps`;
    this.#output.write(`${trained}, loss ${loss}.\n${YEAR_HEADER}`);
    if (this.#output.isTTY !== true) return;
    this.#bars = new cliProgress.MultiBar(
      {
        stream: this.#output,
        format: BAR_FORMAT,
        barsize: BAR_SIZE,
        clearOnComplete: true,
        hideCursor: true,
        gracefulExit: false,
      },
      cliProgress.Presets.shades_classic,
    );
    const live = this.#file.bars.filter((bar) => bar.date > base.date).length;
    this.#bar = this.#bars.create(live, 0, { date: base.date, sharpe: signedNumber(0) });
  }

  #finishYear(): void {
    const line = yearLine(this.#year);
    this.#year = [];
    if (this.#bars === undefined) this.#output.write(line);
    else this.#bars.log(line);
  }
}

function yearLine(events: readonly ReplayEvent[]): string {
  const days = events.filter((event) => event.kind === "day-settled");
  const count = (kind: ReplayEvent["kind"]) => events.filter((e) => e.kind === kind).length;
  const sharpes = TRADERS.map((trader) => signedNumber(sharpeRatio(pnlOf(days, trader))));
  return lineOf([
    events[0]!.date.slice(0, 4),
    ...sharpes,
    count("drift-detected"),
    count("update-promoted"),
    count("update-rejected") + count("update-failed"),
    count("version-rolled-back"),
  ]);
}

function pnlOf(days: readonly DaySettled[], trader: (typeof TRADERS)[number]): number[] {
  return days.map((day) => day.pnl[trader]);
}
