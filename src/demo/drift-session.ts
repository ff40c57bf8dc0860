// One session of the drift page: the stream, the learner, and what the page gets to see.

import {
  DriftkeelError,
  IndexedDbStore,
  type LearnerEvent,
  type LearnerStatus,
  type OnlineLearner,
} from "../browser.ts";
import { entryOf } from "./drift-entry.ts";
import { Journal, type JournalState } from "./drift-journal.ts";
import { openLearner } from "./drift-learner.ts";
import { pointAt } from "./drift-world.ts";

/** Cells along an edge of the picture of what the model believes. */
export const CELLS = 24;
/** Points that the page draws. */
const POINTS = 150;
/** Points between two times that the journal is saved, events aside. */
const SAVE_EVERY = 100;
/** How often, and for how long, a session waits for the one of a page that is being left. */
const LOCK_PAUSE_MS = 100;
const LOCK_TRIES = 25;

/** A point on the page. */
export interface ShownPoint {
  x: number;
  y: number;
  kind: 0 | 1;
  isRight: boolean;
}

/** How everything stands. */
export interface DriftView {
  status: LearnerStatus;
  /** The short name of the serving version. */
  serving: string;
  journal: JournalState;
  points: ShownPoint[];
  /** f32[CELLS x CELLS]: how likely kind B is, row by row from y = -1. */
  field: Float32Array;
}

/** Opens a store as soon as nobody else holds it. */
async function openStore(name: string): Promise<IndexedDbStore> {
  for (let tries = 1; ; tries++) {
    try {
      return await IndexedDbStore.open({ name });
    } catch (error) {
      const isLocked = error instanceof DriftkeelError && error.code === "STORE_LOCKED";
      if (!isLocked || tries === LOCK_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
    }
  }
}

async function erase(store: IndexedDbStore): Promise<void> {
  for (const key of await store.list()) await store.remove(key);
}

/** A stream of points and the learner in it. Everything it knows is in IndexedDB. */
export class DriftSession {
  readonly #seed: number;
  readonly #learner: OnlineLearner;
  readonly #journal: Journal;
  #points: ShownPoint[] = [];
  #field: { id: string; values: Float32Array } | undefined;
  #told = 0;

  private constructor(seed: number, learner: OnlineLearner, journal: Journal) {
    this.#seed = seed;
    this.#learner = learner;
    this.#journal = journal;
  }

  /** Opens the session of a seed where it was left, or from the beginning. */
  static async open(seed: number, fromStart: boolean): Promise<DriftSession> {
    const versions = await openStore(`driftkeel-demo-${seed}`);
    const notes = await openStore(`driftkeel-demo-${seed}-journal`);
    if (fromStart) for (const store of [versions, notes]) await erase(store);
    const learner = await openLearner(seed, versions);
    const session = new DriftSession(seed, learner, await Journal.open(notes));
    session.#takeUp();
    session.#listen();
    return session;
  }

  /** Begins the journal, or brings it to where the learner is. */
  #takeUp(): void {
    const { observed, versionId } = this.#learner.status();
    this.#journal.serve(versionId, observed, "left behind");
    if (observed === 0) return;
    const text = `The page was left; the learner goes on after ${observed} points.`;
    this.#journal.note({ at: observed, tone: "plain", title: "Continued", text });
  }

  async #listen(): Promise<void> {
    for await (const event of this.#learner.events) this.#tell(event);
  }

  #tell(event: LearnerEvent): void {
    const journal = this.#journal;
    const at = this.#learner.status().observed;
    if (event.type === "promoted") journal.serve(event.versionId, at, "replaced");
    if (event.type === "rolled-back") journal.serve(event.to, at, "rolled back");
    const entry = entryOf(event, (id) => journal.nameOf(id) ?? id);
    if (!entry) return;
    journal.note({ at, ...entry });
    this.#told++;
  }

  set degrees(value: number) {
    this.#journal.state.degrees = value;
  }

  /** Gives the next `count` points the wrong label. */
  poison(count: number): void {
    const text = `The labels of the next ${count} points are wrong. Nobody tells the learner.`;
    const at = this.#learner.status().observed;
    this.#journal.note({ at, tone: "poison", title: "Poison", text });
    this.#journal.state.poison_left = count;
  }

  /** Goes back to the version that the serving one was trained from. */
  async rollback(): Promise<void> {
    try {
      await this.#learner.rollback();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const at = this.#learner.status().observed;
      this.#journal.note({ at, tone: "plain", title: "No rollback", text });
    }
    await this.#journal.save();
  }

  /** Lets one point come; whether anything happened beside. */
  async advance(): Promise<boolean> {
    const { state } = this.#journal;
    const index = this.#learner.status().observed;
    const poisoned = state.poison_left > 0;
    const world = { degrees: state.degrees, isPoisoned: poisoned };
    const { sample, kind } = pointAt({ seed: this.#seed, index }, world);
    const isRight = this.#believes(sample.input) > 0.5 === (kind === 1);
    const told = this.#told;
    const { loss } = await this.#learner.observe(sample);
    if (poisoned) state.poison_left--;
    this.#journal.plot({ at: index + 1, loss, poisoned });
    const [x, y] = sample.input as unknown as [number, number];
    this.#points = [...this.#points.slice(1 - POINTS), { x, y, kind, isRight }];
    const hasHappened = this.#told > told;
    if (hasHappened || index % SAVE_EVERY === 0) await this.#journal.save();
    return hasHappened;
  }

  /** Everything, for the page. */
  view(): DriftView {
    const status = this.#learner.status();
    const { state } = this.#journal;
    const serving = this.#journal.nameOf(status.versionId) ?? status.versionId;
    const field = this.#fieldOf(status.versionId);
    return { status, serving, journal: state, points: this.#points, field };
  }

  #believes(input: Float32Array): number {
    return this.#learner.predict(input).output[0]!;
  }

  /** What the serving version believes all over the world. */
  #fieldOf(id: string): Float32Array {
    if (this.#field?.id === id) return this.#field.values;
    const place = (cell: number) => (2 * (cell + 0.5)) / CELLS - 1;
    const values = Float32Array.from({ length: CELLS * CELLS }, (_, cell) =>
      this.#believes(Float32Array.of(place(cell % CELLS), place(Math.floor(cell / CELLS)))),
    );
    this.#field = { id, values };
    return values;
  }
}
