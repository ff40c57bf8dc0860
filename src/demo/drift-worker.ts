// The worker of the drift page: lets the stream run, and shows the page how things stand.

import { expose } from "comlink";
import { init } from "../browser.ts";
import { monotonicMs } from "../foundation.ts";
import { DriftSession, type DriftView } from "./drift-session.ts";
import { Gate } from "./gate.ts";

/** Milliseconds between two views at least; the screen shows no more. */
const VIEW_EVERY_MS = 30;

type Show = (view: DriftView) => Promise<void>;

const gate = new Gate();
let session: DriftSession | undefined;
let show: Show = async () => {};

async function stream(running: DriftSession): Promise<void> {
  let shownMs = 0;
  for (;;) {
    await gate.pass();
    const hasHappened = await running.advance();
    const isTooSoon = monotonicMs() - shownMs < VIEW_EVERY_MS;
    if (isTooSoon && !hasHappened && !gate.isClosed) continue;
    shownMs = monotonicMs();
    await show(running.view());
  }
}

const api = {
  /** Opens the session of a seed, held. The stream's own failures end in `fail`. */
  async open(
    options: { seed: number; fromStart: boolean },
    showView: Show,
    fail: (reason: string) => void,
  ): Promise<void> {
    await init({ threads: 1 });
    session = await DriftSession.open(options.seed, options.fromStart);
    show = showView;
    await show(session.view());
    gate.close();
    stream(session).catch((error) => fail(String(error)));
  },

  setPause(pauseMs: number): void {
    gate.pauseMs = pauseMs;
  },

  setDegrees(degrees: number): void {
    if (session) session.degrees = degrees;
  },

  poison(count: number): void {
    session?.poison(count);
  },

  async rollback(): Promise<void> {
    await session?.rollback();
    if (session) await show(session.view());
  },

  /** Holds the stream; the page then has the latest view. */
  async hold(): Promise<void> {
    gate.close();
    if (session) await show(session.view());
  },

  goOn(): void {
    gate.open();
  },
};

/** What the page may ask of the worker. */
export type DriftWorker = typeof api;

expose(api);
