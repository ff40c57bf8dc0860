// Plots how each update of driftkeel changed the loss on the days held out of it.

import type { DaySettled, UpdateSettled } from "../replay-event.ts";
import { type Markup, markup } from "./markup.ts";
import { plain } from "./number-text.ts";
import { gridLines, HEIGHT, legendOf, plot, point, tickLabels, xOf } from "./plot.ts";
import { linearScale } from "./scale.ts";

/** An update that has both losses. */
type Judged = UpdateSettled & { lossBefore: number; lossAfter: number };

function isJudged(update: UpdateSettled): update is Judged {
  return Number.isFinite(update.lossBefore) && Number.isFinite(update.lossAfter);
}

/** days: the live days in order; updates: those of driftkeel. */
export function holdoutPlot(
  days: readonly DaySettled[],
  updates: readonly UpdateSettled[],
): Markup {
  const judged = updates.filter(isJudged);
  const scale = linearScale(judged.flatMap((update) => [update.lossBefore, update.lossAfter]));
  const y = (value: number) => HEIGHT * (1 - scale.at(value));
  const dayOf = new Map(days.map(({ date }, day) => [date, day]));
  const draw = (name: string, drawn: readonly Judged[]) => {
    const stems: string[] = [];
    const heads: string[] = [];
    for (const { date, lossBefore, lossAfter } of drawn) {
      const x = xOf(dayOf.get(date)!, days.length);
      stems.push(`M${point(x, y(lossBefore))}L${point(x, y(lossAfter))}`);
      heads.push(`M${point(x, y(lossAfter))}h0`);
    }
    return markup`<path class="stem ${name}" d="${stems.join("")}"/>
<path class="head ${name}" d="${heads.join("")}"/>
`;
  };
  const kept = judged.filter(({ kind }) => kind === "update-promoted");
  const undone = judged.filter(({ kind }) => kind !== "update-promoted");
  const failed = updates.length - judged.length;
  const absent =
    failed === 0 ? "" : ` ${failed} could not be trained or measured and are not drawn.`;
  return plot({
    id: "holdout",
    title: "Held-out loss before and after each update",
    caption: markup`Minus the daily Sharpe ratio on days the update was not trained on; lower is
better. A line leads from the loss before to the mark, the loss after.${absent}`,
    description:
      `Held-out loss before and after ${judged.length} updates: ${kept.length} promoted, ` +
      `${undone.length} rejected.`,
    legend: legendOf([
      ["head kept", `promoted (${kept.length})`],
      ["head undone", `rejected (${undone.length})`],
    ]),
    drawing: markup`${gridLines(scale, y, 0)}${draw("undone", undone)}${draw("kept", kept)}`,
    yLabels: tickLabels(scale, y, plain),
    dates: days.map(({ date }) => date),
  });
}
