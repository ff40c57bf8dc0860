// Shows the versions on a time line, with what led from one to the other.

import type { Version } from "./answers.ts";
import { element, shape, timeElement } from "./elements.ts";
import type { Turn } from "./history.ts";
import { PortionedList } from "./portioned-list.ts";
import { drawGraph } from "./version-graph.ts";
import { moment, versionName } from "./wording.ts";

/** The time line inside its section. */
export class TimelineView {
  readonly #drawing = shape("svg", { "aria-hidden": "true" });
  readonly #rows = new PortionedList<Turn>("turns", "", (turn) =>
    turn.kind === "version" ? this.#versionRow(turn) : this.#rollbackRow(turn),
  );
  readonly #goBack: (versionId: string) => void;
  #turns: readonly Turn[] = [];
  #versions: readonly Version[] = [];

  /** goBack: called when a version is chosen. */
  constructor(section: HTMLElement, goBack: (versionId: string) => void) {
    this.#goBack = goBack;
    section.append(element("div", { class: "line" }, this.#drawing, ...this.#rows.parts));
    new ResizeObserver(() => this.#draw()).observe(this.#rows.list);
  }

  show(turns: readonly Turn[], versions: readonly Version[]): void {
    this.#turns = turns;
    this.#versions = versions;
    this.#rows.show(turns, versions);
    this.#draw();
  }

  #draw(): void {
    drawGraph(this.#drawing, this.#turns, [...this.#rows.list.children] as HTMLElement[]);
  }

  #versionRow(turn: Turn & { kind: "version" }): HTMLElement {
    const versions = this.#versions;
    const version = versions.find(({ version_id }) => version_id === turn.id);
    const node = version?.is_active ? "active" : version ? "kept" : "gone";
    const name = element("b", {}, versionName(versions, turn.id));
    const tags = [
      version?.is_active && element("span", { class: "tag good" }, "active"),
      version?.is_anchor && element("span", { class: "tag calm" }, "anchor"),
      version?.is_prior && element("span", { class: "tag calm" }, "prior"),
      !version && element("span", { class: "tag calm" }, "no longer kept"),
    ].filter((tag) => tag instanceof HTMLElement);
    const from =
      turn.parent === undefined
        ? version && "the first one"
        : `trained from ${versionName(versions, turn.parent)}`;
    const row = element(
      "li",
      { "data-node": node, tabindex: -1 },
      element("p", {}, name, " ", ...tags),
    );
    const id = version ? element("code", {}, turn.id) : undefined;
    const time = timeElement(turn.at, moment(turn.at));
    row.append(element("p", { class: "note" }, time, from ? `, ${from}` : ""));
    if (id) row.append(element("p", { class: "note" }, id));
    if (version && !version.is_active) row.append(this.#button(turn.id));
    return row;
  }

  #button(versionId: string): HTMLElement {
    const button = element(
      "button",
      { type: "button", class: "quiet", id: `back-to-${versionId}` },
      `Roll back to ${versionName(this.#versions, versionId)}…`,
    );
    button.addEventListener("click", () => this.#goBack(versionId));
    return button;
  }

  #rollbackRow({ at, from, to, reason }: Turn & { kind: "rollback" }): HTMLElement {
    const [left, reached] = [from, to].map((id) => versionName(this.#versions, id));
    return element(
      "li",
      { "data-node": "rollback", tabindex: -1 },
      element("p", { class: "bad" }, element("b", {}, `Rolled back from ${left} to ${reached}`)),
      element("p", { class: "note" }, timeElement(at, moment(at)), `, ${reason}`),
    );
  }
}
