// JSON that carries the SHA-256 of itself, so that every changed byte shows.

import { sha256 } from "./sha256.ts";

const encoder = new TextEncoder();

/**
 * `record` as one line of JSON without its line feed. The member `key`, which the record must not
 * have, comes last: the SHA-256 of every byte before it. record: an object with at least one member
 * that JSON can hold.
 */
export async function seal(record: object, key: string): Promise<string> {
  const body = JSON.stringify(record).slice(0, -1);
  return `${body},"${key}":"${await sha256(encoder.encode(body))}"}`;
}

/** What `seal` wrote, its own member included; undefined when a single byte is different. */
export async function unseal(line: string, key: string): Promise<unknown> {
  const end = line.length - `,"${key}":"`.length - 64 - `"}`.length;
  if (end < 1) return undefined;
  const body = line.slice(0, end);
  const digest = await sha256(encoder.encode(body));
  if (line.slice(end) !== `,"${key}":"${digest}"}`) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
