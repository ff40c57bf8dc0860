// What integrations share: the queue of what a partner has to get.

export { countWaiting } from "./count-waiting.ts";
export type { OutboxOptions, OutboxStatus } from "./outbox.ts";
export { Outbox } from "./outbox.ts";
