// Turns the results of a replay into report.html: one file, no script, nothing fetched.

import { labelRegimes } from "../regimes.ts";
import { type ReplayEvent, TRADERS } from "../replay-event.ts";
import { type ReportInput, settingsSection } from "../report.ts";
import { equityPlot } from "./equity-plot.ts";
import { holdoutPlot } from "./holdout-plot.ts";
import { type Markup, markup } from "./markup.ts";
import { counted, percent, signed } from "./number-text.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { MAX_COLUMNS } from "./plot.ts";
import { regimeTable } from "./regime-table.ts";
import { sharpePlot } from "./sharpe-plot.ts";
import { TRADER_STORY, TRADER_TITLE } from "./trader-title.ts";
import { decisionList, updateTable } from "./update-lists.ts";

/** What report.json is made of, and everything that happened. */
export interface PageInput extends ReportInput {
  events: readonly ReplayEvent[];
}

function pageHeader({ file, settings, base, summaries }: PageInput): Markup {
  const { days, traders } = summaries.at(-1)!;
  const tiles = TRADERS.map((name) => {
    const { sharpe, maxDrawdown } = traders[name];
    return markup`<li class="${name}"><em>${TRADER_TITLE[name]}</em><b>${signed(sharpe)}</b>
<span>Sharpe ratio; drawdown ${percent(maxDrawdown)}</span></li>
`;
  });
  const { bars } = file;
  const span = `${bars[0]!.date} to ${bars.at(-1)!.date}`;
  return markup`<header><h1>Driftkeel replay of ${file.name}</h1>
<p>${counted(bars.length, "daily bar")}, ${span}. A base network was trained on the first
${counted(settings.warmupYears, "year")} (${counted(base.samples, "day")}, to ${base.date}). Then
${counted(days, "day")} were lived through one by one: predict, observe the P&amp;L, notice drift,
update, judge, promote or reject, watch. Nobody saw the next day. Four traders, side by side:</p>
<ul>${TRADERS.map(
    (name) => markup`<li><b>${TRADER_TITLE[name]}</b> ${TRADER_STORY[name]}.</li>
`,
  )}</ul>
<ul class="tiles">${tiles}</ul></header>
`;
}

/** The settings as names with dots, in the order of report.json. */
function settingRows(settings: object, prefix = ""): Markup[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    typeof value === "object"
      ? settingRows(value, `${prefix}${name}.`)
      : [markup`<div><dt>${prefix}${name}</dt><dd>${value}</dd></div>\n`],
  );
}

function provenance({ file, settings, log }: PageInput): Markup {
  return markup`<section id="settings"><h2>Settings and data</h2>
<dl>
${settingRows(settingsSection(settings))}</dl>
<p>Data: ${file.name}, SHA-256 <code>${file.sha256}</code></p>
<p>Decisions: decisions.jsonl, ${counted(log.lines, "line")}, SHA-256 <code>${log.sha256}</code></p>
</section>
`;
}

function thinning(days: number): string {
  const size = Math.ceil(days / MAX_COLUMNS);
  if (size <= 1) return "The curves show every day.";
  return (
    `The curves show, of every ${size} neighbouring days, the lowest and the highest; ` +
    "all other numbers are of every day."
  );
}

/**
 * Returns the text of report.html: everything in it is of this run, all text is escaped, and the
 * same run makes the same bytes. It holds no clock, duration or path and fetches nothing.
 */
export function pageText(input: PageInput): string {
  const { file, settings, base, summaries, events } = input;
  const days = events.filter((event) => event.kind === "day-settled");
  const updates = events.filter((event) => "trigger" in event);
  const labels = labelRegimes(file.bars);
  const regimeOn = new Map(file.bars.map((bar, day) => [bar.date, labels[day]!]));
  const regimes = days.map(({ date }) => regimeOn.get(date)!);
  const page = markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>Driftkeel replay of ${file.name}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${pageHeader(input)}<main>
${equityPlot(days, regimes)}
${regimeTable(summaries, base.inSample.static.sharpe)}
${sharpePlot(days, events, settings.drift.windowSize)}
${holdoutPlot(days, updates)}
<section id="updates"><h2>Updates</h2>${updateTable(updates)}</section>
${decisionList(events)}
${provenance(input)}</main>
<footer><p>${thinning(days.length)} The same data, settings and seed make this file byte by
byte.</p></footer>
</body>
</html>
`;
  return page.text;
}
