// A list that shows its newest entries, and more of them when asked.

import { element, replaceIn } from "./elements.ts";

/** Entries at first, and with every "show more". */
const PORTION = 10;

/** Entries as rows, a portion at a time. */
export class PortionedList<T> {
  readonly list: HTMLOListElement;
  readonly #empty: HTMLElement;
  readonly #more = element("button", { type: "button", class: "quiet" });
  readonly #rowOf: (entry: T) => HTMLElement;
  #entries: readonly T[] = [];
  #context: unknown;
  #shown = "";
  #size = PORTION;

  /** name: class of the list. empty: said when there are no entries. */
  constructor(name: string, empty: string, rowOf: (entry: T) => HTMLElement) {
    this.list = element("ol", { class: name });
    this.#rowOf = rowOf;
    this.#empty = element("p", { class: "note" }, empty);
    this.#more.addEventListener("click", () => this.#showMore());
  }

  /** The list and what belongs to it. */
  get parts(): HTMLElement[] {
    return [this.#empty, this.list, this.#more];
  }

  /** Changes nothing on the page when nothing is different. context: what else rows are made of. */
  show(entries: readonly T[], context?: unknown): void {
    const shown = JSON.stringify([this.#size, entries, context]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#entries = entries;
    this.#context = context;
    const rows = entries.slice(0, this.#size).map(this.#rowOf);
    replaceIn(this.list, ...rows);
    const rest = entries.length - rows.length;
    this.#empty.hidden = rows.length > 0;
    this.#more.hidden = rest === 0;
    this.#more.textContent = `Show ${Math.min(rest, PORTION)} of ${rest} more`;
  }

  #showMore(): void {
    const first = this.#size;
    this.#size += PORTION;
    this.show(this.#entries, this.#context);
    // The button may be gone: the reader goes on at the first entry that was not there.
    if (this.#more.hidden) (this.list.children[first] as HTMLElement).focus();
  }
}
