// What the traders are called in front of people, and what each of them does.

import type { PerTrader } from "../replay-event.ts";

/** How a trader is called in tables and plots. */
export const TRADER_TITLE: PerTrader<string> = {
  hold: "buy & hold",
  static: "static",
  naive: "naive",
  driftkeel: "driftkeel",
};

/** What a trader does, in half a sentence. */
export const TRADER_STORY: PerTrader<string> = {
  hold: "is always fully invested",
  static: "trades the base network and never learns again",
  naive: "learns on the same days as driftkeel, but keeps every update, without EWC or replay",
  driftkeel:
    "learns with EWC and replay, promotes what proves itself on held-out days, and rolls back",
};
