// What driftkeel decided: the last decisions as a list, the updates as a table.

import type {
  ArchitectureProposed,
  DriftDetected,
  ReplayEvent,
  UpdateSettled,
  VersionRolledBack,
} from "../replay-event.ts";
import { type Markup, markup } from "./markup.ts";
import { counted, signed } from "./number-text.ts";

/** Decisions in the list; all of them are in the log. */
const LAST_DECISIONS = 30;
/** Rows of the table, a schedule of every month for forty years. */
const LAST_UPDATES = 500;

const VERDICT = {
  "update-promoted": { name: "kept", text: "promoted" },
  "update-rejected": { name: "undone", text: "rejected" },
  "update-failed": { name: "undone", text: "failed" },
};

/** A loss, of which the fourth digit matters. */
function lossText(loss: number | undefined): string {
  return loss === undefined || !Number.isFinite(loss) ? "\u2013" : signed(loss, 4);
}

function driftItem(event: DriftDetected): Markup {
  const { date, currentSharpe, meanSharpe, threshold } = event;
  return markup`<li><time>${date}</time> <b class="tag alert">drift</b>
<span>rolling Sharpe ${signed(currentSharpe)} below ${signed(threshold)}
(its mean is ${signed(meanSharpe)}): try an update</span></li>
`;
}

function updateItem(event: UpdateSettled): Markup {
  const { date, kind, trigger, reason, lossBefore, lossAfter, days, steps } = event;
  const { name, text } = VERDICT[kind];
  return markup`<li><time>${date}</time> <b class="tag ${name}">${text}</b>
<span>on ${trigger}: ${reason}
<small>held-out loss ${lossText(lossBefore)} → ${lossText(lossAfter)} (${days.holdoutFrom} to
${days.holdoutTo}); ${counted(steps, "step")} on ${days.trainFrom} to ${days.trainTo},
${counted(days.replaySamples, "older day")} to replay</small></span></li>
`;
}

function rollbackItem({ date, from, to }: VersionRolledBack): Markup {
  return markup`<li><time>${date}</time> <b class="tag alert">rolled back</b>
<span>probation found ${from} worse than ${to}</span></li>
`;
}

function proposalItem(event: ArchitectureProposed): Markup {
  const { date, accepted, cell, parameters, reason } = event;
  const name = accepted ? "kept" : "undone";
  return markup`<li><time>${date}</time> <b class="tag ${name}">architecture</b>
<span>${accepted ? "accepted" : "not accepted"}: ${reason}
<small>${cell.join(" ")}, ${counted(parameters, "parameter")}</small></span></li>
`;
}

function itemsOf(event: ReplayEvent): Markup[] {
  switch (event.kind) {
    case "drift-detected":
      return event.action === "update" ? [driftItem(event)] : [];
    case "version-rolled-back":
      return [rollbackItem(event)];
    case "architecture-proposed":
      return [proposalItem(event)];
    default:
      return "trigger" in event ? [updateItem(event)] : [];
  }
}

/** The last updates and rollbacks, and the drift alerts that led to updates, newest first. */
export function decisionList(events: readonly ReplayEvent[]): Markup {
  const items = events.flatMap(itemsOf);
  const last = items.slice(-LAST_DECISIONS).reverse();
  return markup`<section id="decisions"><h2>Last decisions</h2>
<p>The last ${last.length} of ${items.length.toLocaleString("en-US")}, newest first: updates,
rollbacks, proposed architectures, and the drift alerts that led to updates. decisions.jsonl has
all, with the alerts that came too soon after an update to start another, and the updates of
naive.</p>
<ol class="decisions">
${last}</ol></section>
`;
}

function updateRow({ date, trigger, lossBefore, lossAfter, kind }: UpdateSettled): Markup {
  const { name, text } = VERDICT[kind];
  return markup`<tr><th scope="row">${date}</th><td>${trigger}</td><td>${lossText(lossBefore)}</td>
<td>${lossText(lossAfter)}</td><td><b class="tag ${name}">${text}</b></td></tr>
`;
}

/** The updates in order, folded away: the numbers behind the plot. */
export function updateTable(updates: readonly UpdateSettled[]): Markup {
  const last = updates.slice(-LAST_UPDATES);
  const all = counted(updates.length, "update");
  const which = last.length === updates.length ? all : `the last ${last.length} of ${all}`;
  return markup`<details><summary>The numbers of ${which}</summary>
<div class="scroll" role="region" aria-label="Updates" tabindex="0"><table>
<thead><tr><th scope="col">Day</th><th scope="col">Trigger</th><th scope="col">Before</th>
<th scope="col">After</th><th scope="col">Verdict</th></tr></thead>
<tbody>${last.map(updateRow)}</tbody></table></div></details>
`;
}
