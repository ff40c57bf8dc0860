// An outbox that forgets with the process, for checks that are not about crashes.

import { MemoryStore } from "../../../src/index.ts";
import { Outbox, type OutboxOptions } from "../../../src/integrations/outbox/index.ts";

/** Tries again at once. */
export function inMemoryOutbox(deliver: OutboxOptions["deliver"]): Promise<Outbox> {
  return Outbox.open({ store: new MemoryStore(), deliver, firstPauseMs: 1, longestPauseMs: 50 });
}
