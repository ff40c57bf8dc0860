// A page of an audit log, from lines that come in the order from the newest to the oldest.

import { type AuditEvent, numberOfLine, parseAuditLine } from "./audit-line.ts";

/** Which events: at most `limit` of those with a `seq` below `before`. */
interface PageRequest {
  before?: number | undefined;
  limit: number;
}

/**
 * The events of a page, newest first. lines: what follows the last line feed, then the lines from
 * the last one on; no more of them are asked for than needed. corrupt: makes the error for events
 * that are not as they were written, or do not follow each other.
 */
export async function readAuditPage(
  lines: AsyncIterable<Uint8Array>,
  { before = Number.POSITIVE_INFINITY, limit }: PageRequest,
  corrupt: (expected: string) => Error,
): Promise<AuditEvent[]> {
  const page: AuditEvent[] = [];
  let isRest = true;
  for await (const line of lines) {
    const [wasRest, number] = [isRest, numberOfLine(line)];
    isRest = false;
    // Passed over by its number alone: what it says is nobody's question.
    if (number !== undefined && number >= before) continue;
    const event = await parseAuditLine(line);
    if (!event && wasRest) continue; // a torn line is no event
    const after = page.at(-1);
    if (!event || (after && !follows(after, event))) {
      const which = after ? `event ${after.seq - 1}` : "its newest events";
      throw corrupt(`${which} as written, got an altered log`);
    }
    page.push(event);
    if (page.length === limit) break;
  }
  return page;
}

/** Whether an event comes right after another one. */
function follows({ seq, prevHash }: AuditEvent, before: AuditEvent): boolean {
  return seq === before.seq + 1 && prevHash === before.hash;
}
