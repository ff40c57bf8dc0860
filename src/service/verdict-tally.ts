// Counts what became of a model's updates, out of its audit log, of which every event is read once.

import { Turns } from "../foundation.ts";
import { type AuditEvent, AuditLog } from "../index.ts";

/** Events read at a time. */
const PAGE = 10_000;

/** The newest verdict on a candidate. */
interface Verdict {
  at: string;
  outcome: string;
  reason: string;
  measurements: Record<string, number | null>;
}

/** Tallies the log in one file, which another process may be writing. */
export class VerdictTally {
  readonly #path: string;
  readonly #turns = new Turns();
  #counts = new Map<string, number>();
  #last: Verdict | null = null;
  /** Events that are counted. */
  #counted = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** What there is to tell by now. Throws FILE_FAILED, AUDIT_CORRUPT. */
  read() {
    return this.#turns.run(async () => {
      await this.#catchUp();
      const count = (outcome: string) => this.#counts.get(outcome) ?? 0;
      return {
        updates: {
          promoted: count("promoted"),
          rejected: count("candidate-rejected"),
          failed: count("update-failed"),
          rolled_back: count("rolled-back"),
        },
        drift_alerts: count("drift-detected"),
        last_verdict: this.#last,
      };
    });
  }

  async #catchUp(): Promise<void> {
    const fresh = await this.#readFresh();
    for (const { outcome } of fresh) {
      this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
    }
    const judged = fresh.find(({ outcome }) => /^candidate-/.test(outcome));
    if (judged) this.#last = verdictOf(judged);
  }

  /** The events that are not counted yet, newest first; all of them when it is another log. */
  async #readFresh(): Promise<AuditEvent[]> {
    const log = await AuditLog.open(this.#path, { readOnly: true });
    try {
      const fresh: AuditEvent[] = [];
      let page = await log.readPage({ limit: this.#counted === 0 ? PAGE : 100 });
      const length = (page[0]?.seq ?? -1) + 1;
      if (length < this.#counted) this.#startOver();
      for (;;) {
        for (const event of page) if (event.seq >= this.#counted) fresh.push(event);
        const oldest = page.at(-1)?.seq ?? 0;
        if (oldest <= this.#counted) break;
        page = await log.readPage({ limit: PAGE, before: oldest });
      }
      this.#counted = length;
      return fresh;
    } finally {
      await log.close();
    }
  }

  #startOver(): void {
    this.#counts = new Map();
    this.#last = null;
    this.#counted = 0;
  }
}

function verdictOf({ timestamp, outcome, details }: AuditEvent): Verdict {
  const { reason, measurements } = (details ?? {}) as Partial<Verdict>;
  return {
    at: timestamp.toISOString(),
    outcome,
    reason: String(reason),
    measurements: measurements ?? {},
  };
}
