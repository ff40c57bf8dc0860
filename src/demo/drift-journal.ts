// What the drift page remembers beside the learner: what happened, which version served when, how
// the world stands. It lies in a store of its own.

import type { Store } from "../browser.ts";

/** What an entry is about; also its colour. */
export type Tone = "drift" | "promoted" | "rejected" | "rolled-back" | "poison" | "plain";

/** Something that happened. */
export interface Entry {
  /** Points seen by then. */
  at: number;
  tone: Tone;
  title: string;
  text: string;
}

/** A time in which one version served. */
export interface Span {
  /** The library's id, and a short name. */
  id: string;
  name: string;
  /** Points seen when it began and ended; null: it serves. */
  from: number;
  to: number | null;
  fate: string;
}

/** One point, as the page plots it. */
export interface Loss {
  at: number;
  loss: number;
  poisoned: boolean;
}

/** Everything, as it is kept. */
export interface JournalState {
  degrees: number;
  /** Labels that are still to be poisoned. */
  poison_left: number;
  /** Names given so far. */
  names: number;
  entries: Entry[];
  spans: Span[];
  losses: Loss[];
}

const KEY = "journal.json";
const MOST_ENTRIES = 60;
const MOST_SPANS = 40;
/** Losses that the plot shows. */
export const MOST_LOSSES = 800;

const empty = (): JournalState => ({
  degrees: 0,
  poison_left: 0,
  names: 0,
  entries: [],
  spans: [],
  losses: [],
});

/** The memory of one session. */
export class Journal {
  readonly #store: Store;
  readonly state: JournalState;

  private constructor(store: Store, state: JournalState) {
    this.#store = store;
    this.state = state;
  }

  /** Goes on with what the store holds. */
  static async open(store: Store): Promise<Journal> {
    const bytes = await store.read(KEY);
    const state = bytes ? JSON.parse(new TextDecoder().decode(bytes)) : {};
    return new Journal(store, { ...empty(), ...state });
  }

  /** Writes everything down. */
  async save(): Promise<void> {
    await this.#store.write(KEY, new TextEncoder().encode(JSON.stringify(this.state)));
  }

  note(entry: Entry): void {
    this.state.entries.push(entry);
    trim(this.state.entries, MOST_ENTRIES);
  }

  plot(loss: Loss): void {
    this.state.losses.push(loss);
    trim(this.state.losses, MOST_LOSSES);
  }

  /** A version serves from now on; the one before it ends with a fate. */
  serve(id: string, at: number, fate: string): Span {
    const { spans } = this.state;
    const before = spans.at(-1);
    if (before?.id === id && before.to === null) return before;
    if (before && before.to === null) Object.assign(before, { to: at, fate });
    const name = this.nameOf(id) ?? `v${this.state.names++}`;
    const span: Span = { id, name, from: at, to: null, fate: "serving" };
    spans.push(span);
    trim(spans, MOST_SPANS);
    return span;
  }

  /** The short name of a version that has served. */
  nameOf(id: string): string | undefined {
    return this.state.spans.find((span) => span.id === id)?.name;
  }
}

function trim(list: unknown[], most: number): void {
  if (list.length > most) list.splice(0, list.length - most);
}
