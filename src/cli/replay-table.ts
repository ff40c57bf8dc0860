// Shows the results of a replay as text: a row per regime, a line per trader.

import CliTable3 from "cli-table3";
import pc from "picocolors";
import { TRADER_TITLE } from "../replay/page/trader-title.ts";
import { TRADERS, type Trader } from "../replay/replay-event.ts";
import type { RegimeSummary, TraderSummary } from "../replay/replay-summary.ts";
import type { ReplayResult } from "../replay/run-replay.ts";
import { REPLAY_MODEL } from "../replay/signal-learner.ts";
import { signedNumber } from "./signed-number.ts";

const HEAD = ["Regime", "", "Sharpe", "Drawdown", "Degradation", "Updates"];
const ALIGNMENT = ["left", "left", "right", "right", "right", "left"] as const;

/** Where every command looks unless told otherwise. */
export const DEFAULT_BASE_DIR = "./driftkeel-data";

type Colors = ReturnType<typeof pc.createColors>;

/**
 * Returns the table of a replay and how to read it, 79 columns wide and ending with a newline.
 * Nothing in it is coloured unless `isColored`.
 */
export function replayTable(result: ReplayResult, isColored: boolean): string {
  const colors = pc.createColors(isColored);
  const table = new CliTable3({
    head: HEAD.map((title) => colors.bold(title)),
    colAligns: [...ALIGNMENT],
    // The table's own colours ignore whether the output is a terminal.
    style: { head: [], border: [] },
  });
  for (const summary of result.summaries) table.push(regimeRow(summary, colors));
  return `\n${table.toString()}\n${legend(result, colors)}`;
}

/** One row; its cells have a line per trader. */
function regimeRow(summary: RegimeSummary, colors: Colors): string[] {
  const perTrader = (text: (trader: TraderSummary, name: Trader) => string) =>
    TRADERS.map((name) => {
      const line = text(summary.traders[name], name);
      return name === "driftkeel" ? colors.bold(line) : line;
    }).join("\n");
  return [
    `${colors.bold(summary.regime)}\n${summary.days} days`,
    perTrader((_, name) => TRADER_TITLE[name]),
    perTrader(({ sharpe }) => signColor(sharpe, colors)(signedNumber(sharpe))),
    perTrader(({ maxDrawdown }) => percent(maxDrawdown)),
    // Nothing was learned that could be lost by holding.
    perTrader(({ degradation }, name) => (name === "hold" ? "" : percent(degradation))),
    updatesCell(summary, colors),
  ];
}

function updatesCell(summary: RegimeSummary, colors: Colors): string {
  const { promotions, rejections, updatesFailed, rollbacks, naiveUpdatesKept, updateMs } = summary;
  const count = promotions + rejections + updatesFailed;
  if (count === 0) return "none";
  const lines = [
    `${count}, ${updateMs.toFixed(updateMs < 10 ? 1 : 0)} ms each`,
    colors.green(`${promotions} promoted`),
    colors.yellow(`${rejections} rejected`),
    (rollbacks > 0 ? colors.red : colors.dim)(`${rollbacks} rolled back`),
  ];
  if (updatesFailed > 0) lines.push(colors.red(`${updatesFailed} failed`));
  lines.push(colors.dim(`naive keeps ${naiveUpdatesKept}`));
  return lines.join("\n");
}

function legend(result: ReplayResult, colors: Colors): string {
  const { base, summaries, pagePath, reportPath, decisionsPath } = result;
  const { auditPath, versionsPath, current, proposals } = result;
  const { traders } = summaries.at(-1)!;
  const exposures = TRADERS.map(
    (name) => `${TRADER_TITLE[name]} ${percent(traders[name].exposure)}`,
  );
  const warmUp = signedNumber(base.inSample.static.sharpe);
  const lines = [
    "Sharpe ratio per year and largest drawdown, after costs; every day was traded",
    "before it was trained on. Degradation: the part of the Sharpe ratio in the",
    `warm-up years (${warmUp}) that is gone; those were trained on, which flatters them.`,
    `Mean exposure: ${exposures.join(", ")}.`,
    "Regimes are named in hindsight and steer nothing.",
    ...(proposals.length > 0 ? [proposalsLine(proposals)] : []),
  ];
  const files = [
    `page       ${pagePath}`,
    `report     ${reportPath}`,
    `decisions  ${decisionsPath}`,
    `audit log  ${auditPath}`,
    `versions   ${versionsPath}`,
  ];
  if (current.priorId !== undefined) files.push(`roll back  ${rollbackCommand(result)}`);
  return `${colors.dim(lines.join("\n"))}\n\n${files.join("\n")}\n`;
}

function proposalsLine(proposals: ReplayResult["proposals"]): string {
  const accepted = proposals.filter((proposal) => proposal.accepted).length;
  return `Architectures searched after alerts: ${proposals.length}, ${accepted} accepted.`;
}

/** What to type to serve the version before the active one again. */
function rollbackCommand({ baseDir, current }: ReplayResult): string {
  const place = baseDir === DEFAULT_BASE_DIR ? "" : ` --base-dir ${baseDir}`;
  return `npx driftkeel rollback ${current.priorId} --model ${REPLAY_MODEL}${place}`;
}

function signColor(value: number, colors: Colors): (text: string) => string {
  return value < 0 ? colors.red : (text) => text;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(0)}%`;
}
