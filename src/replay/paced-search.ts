// Asks for another architecture after an alert, but not after every one.

import type { ArchitectureSearch } from "./architecture-search.ts";
import type { MarketTape } from "./market-tape.ts";
import type { ArchitectureProposed, ReplayEvent } from "./replay-event.ts";
import type { ReplaySettings } from "./replay-options.ts";

/** Counts live days; at least `searchEveryDays` lie between two searches. */
export class PacedSearch {
  readonly #search: ArchitectureSearch;
  readonly #tape: MarketTape;
  readonly #settings: ReplaySettings;
  readonly #pnl: number[] = [];
  #lastDay = Number.NEGATIVE_INFINITY;

  constructor(search: ArchitectureSearch, tape: MarketTape, settings: ReplaySettings) {
    this.#search = search;
    this.#tape = tape;
    this.#settings = settings;
  }

  /** pnl: what driftkeel earned today; decisions: those of today. */
  async afterDay(
    pnl: number,
    decisions: readonly ReplayEvent[],
  ): Promise<ArchitectureProposed | undefined> {
    const day = this.#pnl.push(pnl);
    const { searchEveryDays, searchDays } = this.#settings;
    const alert = decisions.find((event) => event.kind === "drift-detected");
    if (!alert || day - this.#lastDay < searchEveryDays) return undefined;
    this.#lastDay = day;
    const proposal = await this.#search.propose({
      ...this.#tape.series(searchDays),
      alert,
      servedPnl: Float64Array.from(this.#pnl),
    });
    return { kind: "architecture-proposed", date: alert.date, ...proposal };
  }
}
