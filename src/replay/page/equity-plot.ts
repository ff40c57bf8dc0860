// Plots what one unit of capital became in the hands of each trader, over the regimes.

import type { Regime } from "../regimes.ts";
import { type DaySettled, TRADERS, type Trader } from "../replay-event.ts";
import { type Markup, markup } from "./markup.ts";
import { plain, signed } from "./number-text.ts";
import {
  curvePath,
  gridLines,
  HEIGHT,
  legendOf,
  plot,
  point,
  swatch,
  tickLabels,
  WIDTH,
  xOf,
} from "./plot.ts";
import { logScale } from "./scale.ts";
import { TRADER_TITLE } from "./trader-title.ts";

/** Capital below this is drawn here: the logarithm of nothing is nowhere. */
const LEAST_CAPITAL = 1e-3;
/** Capital above this is drawn here, so that no series of gains leaves the numbers. */
const MOST_CAPITAL = 1e12;

/** One unit reinvested daily after costs: prod(1 + pnl), by day; kept within 0.001 to 1e12. */
export function equityOf(days: readonly DaySettled[], trader: Trader): number[] {
  let capital = 1;
  return days.map(({ pnl }) => {
    capital = Math.min(MOST_CAPITAL, capital * Math.max(0, 1 + pnl[trader]));
    return Math.max(LEAST_CAPITAL, capital);
  });
}

/** Rectangles behind the curves, one per run of days in one regime. */
function regimeBands(regimes: readonly Regime[]): Markup {
  const count = regimes.length;
  const edge = (day: number) => Math.max(0, Math.min(WIDTH, xOf(day - 0.5, count)));
  const bands: Markup[] = [];
  let start = 0;
  for (let day = 1; day <= count; day++) {
    if (day < count && regimes[day] === regimes[start]) continue;
    const width = point(edge(start), 0);
    const path = `M${width}H${point(edge(day), 0).split(" ")[0]}V${HEIGHT}H${width.split(" ")[0]}Z`;
    bands.push(markup`<path class="band ${regimes[start]!}" d="${path}"/>`);
    start = day;
  }
  return markup`${bands}`;
}

function traderToggle(trader: Trader, gain: number): Markup {
  return markup`<label>
<input type="checkbox" id="show-${trader}" autocomplete="off" checked=""/>
${swatch(`line ${trader}`)}
${TRADER_TITLE[trader]} <b>${signed(100 * gain, 0)}%</b></label>
`;
}

/** days: the live days in order; regimes: that of each of them. */
export function equityPlot(days: readonly DaySettled[], regimes: readonly Regime[]): Markup {
  const curves = TRADERS.map((trader) => ({ trader, values: equityOf(days, trader) }));
  const scale = logScale(curves.flatMap(({ values }) => values));
  const y = (value: number) => HEIGHT * (1 - scale.at(value));
  const gains = curves.map(({ trader, values }) => ({ trader, gain: (values.at(-1) ?? 1) - 1 }));
  const lines = curves.map(
    ({ trader, values }) => markup`<path class="line ${trader}" d="${curvePath(values, y)}"/>
`,
  );
  const ends = gains.map(({ trader, gain }) => `${TRADER_TITLE[trader]} ${signed(100 * gain, 0)}%`);
  return plot({
    id: "equity",
    title: "Cumulative P&L",
    caption: markup`What one unit of capital became, gains reinvested, after costs. The axis is
logarithmic: equal heights are equal ratios. Untick a trader to hide it.`,
    description: `Capital of each trader by day. Total gain: ${ends.join(", ")}.`,
    legend: markup`<fieldset class="legend"><legend>Traders and their total gain</legend>
${gains.map(({ trader, gain }) => traderToggle(trader, gain))}</fieldset>
${legendOf([
  ["band bear", "bear market"],
  ["band sideways", "sideways"],
  ["band bull", "bull market"],
])}`,
    drawing: markup`${regimeBands(regimes)}${gridLines(scale, y, 1)}${lines}`,
    yLabels: tickLabels(scale, y, plain),
    dates: days.map(({ date }) => date),
  });
}
