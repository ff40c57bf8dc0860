// The lists of the drift page: which version served when, and what happened.

import type { Entry, JournalState, Span } from "./drift-journal.ts";
import { find, make, makeSvg } from "./element.ts";

const MOST_LANES = 8;
const WIDTH = 1000;
/** The shortest time that is drawn, in the drawing's units. */
const LEAST_WIDTH = 6;

/** Shows the newest events first. Does nothing when there are no others than before. */
export function showEntries(entries: readonly Entry[]): void {
  const list = find("events", HTMLElement);
  const newest = entries.at(-1);
  const mark = newest ? `${entries.length} ${newest.at} ${newest.text}` : "";
  if (list.dataset.mark === mark) return;
  list.dataset.mark = mark;
  list.replaceChildren(...entries.toReversed().map(entryItem));
}

function entryItem({ at, tone, title, text }: Entry): HTMLElement {
  const item = make("li", { className: tone });
  item.append(
    make("span", { className: "when", text: String(at) }),
    make("span", { className: "tag", text: title }),
    make("span", { className: "what", text }),
  );
  return item;
}

/** Shows the times of the latest versions, one below the other. */
export function showLanes({ spans }: JournalState, seen: number): void {
  const names = [...new Set(spans.map(({ name }) => name))].slice(-MOST_LANES).reverse();
  const shown = spans.filter(({ name }) => names.includes(name));
  const from = Math.min(...shown.map((span) => span.from));
  const lanes = names.map((name) =>
    lane(
      shown.filter((span) => span.name === name),
      { from, to: Math.max(seen, from + 1) },
    ),
  );
  find("lanes", HTMLElement).replaceChildren(...lanes);
}

const toneOf = (fate: string) => (fate === "rolled back" ? "rolled-back" : "plain");

function lane(spans: readonly Span[], time: { from: number; to: number }): HTMLElement {
  const { id, name, fate, to } = spans.at(-1)!;
  const item = make("li", { className: to === null ? "serving" : toneOf(fate) });
  item.title = id;
  const drawing = makeSvg("svg", {
    class: "lane",
    viewBox: `0 0 ${WIDTH} 10`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const place = (at: number) => (WIDTH * (at - time.from)) / (time.to - time.from);
  for (const span of spans) {
    const x = place(span.from);
    const width = Math.max(LEAST_WIDTH, place(span.to ?? time.to) - x);
    drawing.append(
      makeSvg("rect", { x: Math.min(x, WIDTH - LEAST_WIDTH), y: 0, width, height: 10 }),
    );
  }
  const text = to === null ? `serving since ${spans.at(-1)!.from}` : `${fate} at ${to}`;
  item.append(make("span", { text: name }), drawing, make("span", { className: "fate", text }));
  return item;
}
