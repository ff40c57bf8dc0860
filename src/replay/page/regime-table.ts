// The table of results: a block per regime, a row per trader.

import { TRADERS, type Trader } from "../replay-event.ts";
import type { RegimeSummary, TraderSummary } from "../replay-summary.ts";
import { type Markup, markup } from "./markup.ts";
import { counted, percent, signed } from "./number-text.ts";
import { TRADER_TITLE } from "./trader-title.ts";

const REGIME_TITLE = {
  bull: "Bull market",
  bear: "Bear market",
  sideways: "Sideways",
  all: "All days",
};

function updatesText(summary: RegimeSummary): string {
  const { promotions, rejections, updatesFailed, rollbacks, naiveUpdatesKept } = summary;
  const tried = promotions + rejections + updatesFailed;
  if (tried === 0) return "no update";
  const failed = updatesFailed === 0 ? "" : `, ${updatesFailed} failed`;
  return (
    `${counted(tried, "update")} tried: ${promotions} promoted, ${rejections} rejected` +
    `${failed}; ${rollbacks} rolled back later; naive kept ${naiveUpdatesKept}`
  );
}

function traderRow(name: Trader, trader: TraderSummary): Markup {
  const { sharpe, annualReturn, maxDrawdown, degradation, exposure } = trader;
  // Nothing was learned that could be lost by holding.
  const lost = name === "hold" ? "\u2013" : percent(degradation);
  const tone = sharpe < 0 ? "loss" : "gain";
  return markup`<tr class="${name}"><th scope="row">${TRADER_TITLE[name]}</th>
<td class="${tone}">${signed(sharpe)}</td><td>${percent(annualReturn)}</td>
<td>${percent(maxDrawdown)}</td><td>${lost}</td><td>${percent(exposure)}</td></tr>
`;
}

function regimeBlock(summary: RegimeSummary): Markup {
  const { regime, days, driftAlerts, traders } = summary;
  const facts = [counted(days, "day"), counted(driftAlerts, "drift alert"), updatesText(summary)];
  return markup`<tbody>
<tr class="regime"><th colspan="6" scope="rowgroup"><b>${REGIME_TITLE[regime]}</b>
<span>${facts.join(" · ")}</span>
</th></tr>
${TRADERS.map((name) => traderRow(name, traders[name]))}</tbody>
`;
}

/** The section with the table and how to read it. */
export function regimeTable(summaries: readonly RegimeSummary[], warmUpSharpe: number): Markup {
  return markup`<section id="regimes"><h2>Per regime</h2>
<div class="scroll" role="region" aria-label="Results per regime" tabindex="0"><table>
<thead><tr><th scope="col">Trader</th><th scope="col">Sharpe</th><th scope="col">Return</th>
<th scope="col">Draw&#173;down</th><th scope="col">Degra&#173;dation</th>
<th scope="col">Expo&#173;sure</th></tr></thead>
${summaries.map(regimeBlock)}</table></div>
<p class="note">Sharpe ratio and return per year, largest drawdown, mean size of the position; all
after costs. Every day was traded before it was trained on. Degradation: the part of the Sharpe
ratio in the warm-up years (${signed(warmUpSharpe)}) that is gone; those years were trained on,
which flatters them. Regimes are named in hindsight and steer nothing; the days of one are put end
to end.</p></section>
`;
}
