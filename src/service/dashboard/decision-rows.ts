// What was decided and noticed as entries of lists: reasons in words, numbers with their names.

import { element, timeElement } from "./elements.ts";
import type { Alert, Numbers, Verdict } from "./history.ts";
import { measured, moment, spaced } from "./wording.ts";

function numberList(numbers: Numbers): HTMLElement | undefined {
  const entries = Object.entries(numbers);
  if (entries.length === 0) return undefined;
  const pairs = entries.map(([name, value]) =>
    element("div", {}, element("dt", {}, spaced(name)), element("dd", {}, measured(value))),
  );
  return element("dl", { class: "numbers" }, ...pairs);
}

/** A verdict as an entry of a list. */
export function verdictRow({ at, outcome, tone, reason, origin, numbers }: Verdict): HTMLElement {
  const note = origin === undefined ? undefined : element("p", { class: "note" }, origin);
  return row({ at, tag: outcome, tone, text: reason, note, numbers });
}

/** A drift alert as an entry of a list. */
export function alertRow({ at, value, numbers }: Alert): HTMLElement {
  const text = `The value that raised it was ${measured(value)}.`;
  return row({ at, tag: "drift", tone: "warn", text, note: undefined, numbers });
}

interface Row {
  at: string;
  tag: string;
  tone: string;
  text: string;
  note: HTMLElement | undefined;
  numbers: Numbers;
}

function row({ at, tag, tone, text, note, numbers }: Row): HTMLElement {
  const label = element("span", { class: `tag ${tone}` }, tag);
  const first = element("p", { class: "first" }, label, timeElement(at, moment(at)));
  return element("li", { tabindex: -1 }, first, element("p", {}, text), note, numberList(numbers));
}
