// Tells what happened to the learner in words for the page.

import type { LearnerEvent } from "../browser.ts";
import type { Entry } from "./drift-journal.ts";
import { threeDigits } from "./number-text.ts";

/** The short name of a version. */
type NameOf = (id: string) => string;

const measured = (value: number | undefined) => threeDigits(value ?? Number.NaN);

/** What the page says of an event; undefined when it says nothing. */
export function entryOf(event: LearnerEvent, nameOf: NameOf): Omit<Entry, "at"> | undefined {
  switch (event.type) {
    case "drift-detected": {
      const { mean, rise } = event.measurements;
      const text =
        `Page-Hinkley: losses above their mean of ${measured(mean)} have added up to ` +
        `${measured(rise)}. The windows start anew; an update is tried when they have filled.`;
      return { tone: "drift", title: "Drift", text };
    }
    case "update-started":
      return {
        tone: "plain",
        title: "Update",
        text: `A copy trains on ${event.samples} points; the serving version stays as it is.`,
      };
    case "candidate-rejected":
      return { tone: "rejected", title: "Rejected", text: `The judge: ${event.reason}.` };
    case "candidate-accepted":
      return { tone: "plain", title: "Verdict", text: `The judge: ${event.reason}.` };
    case "promoted": {
      const text = `${nameOf(event.versionId)} serves now, on probation beside the one before.`;
      return { tone: "promoted", title: "Promoted", text };
    }
    case "rolled-back": {
      const text = `From ${nameOf(event.from)} to ${nameOf(event.to)}: ${event.reason}.`;
      return { tone: "rolled-back", title: "Rolled back", text };
    }
    case "probation-ended": {
      const text = `${nameOf(event.versionId)} ${event.outcome}: ${event.reason}.`;
      return { tone: "plain", title: "Probation", text };
    }
    case "update-skipped":
      return { tone: "plain", title: "Held off", text: `No update: ${event.reason}.` };
    case "update-failed":
      return { tone: "rejected", title: "Failed", text: event.message };
    default:
      return undefined;
  }
}
