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
  return element(
    "li",
    { tabindex: -1 },
    element(
      "p",
      { class: "first" },
      element("span", { class: `tag ${tone}` }, outcome),
      timeElement(at, moment(at)),
    ),
    element("p", {}, reason),
    origin === undefined ? undefined : element("p", { class: "note" }, origin),
    numberList(numbers),
  );
}

/** A drift alert as an entry of a list. */
export function alertRow({ at, value, numbers }: Alert): HTMLElement {
  return element(
    "li",
    { tabindex: -1 },
    element(
      "p",
      { class: "first" },
      element("span", { class: "tag warn" }, "drift"),
      timeElement(at, moment(at)),
    ),
    element("p", {}, `The value that raised it was ${measured(value)}.`),
    numberList(numbers),
  );
}
