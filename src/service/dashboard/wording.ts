// How the page says things: numbers, moments, names of versions, of measurements and of outcomes.

import { plain } from "../../replay/page/number-text.ts";

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** A number of a measurement: four digits; JSON has null for what is none. */
export function measured(value: unknown): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return "none";
  return plain(Number(value.toPrecision(4)));
}

/** Day and time. */
export function moment(iso: string): string {
  return full.format(new Date(iso));
}

/** The day, or within one day the time. */
export function shortMoment(iso: string, isWithinDay: boolean): string {
  return (isWithinDay ? clock : day).format(new Date(iso));
}

/** `lossBefore` as `loss before`. */
export function spaced(name: string): string {
  return name.replace(/_/g, " ").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** The names of versions: short ones while they are kept, their ids otherwise. */
export function versionName(
  versions: readonly { version_id: string; sequence: number }[],
  id: string,
): string {
  const version = versions.find((each) => each.version_id === id);
  return version ? `v${version.sequence}` : id;
}

/** What a safe mode means. */
export const SAFE_MODE: Record<string, string> = {
  normal: "no rollback to recover from",
  recovering: "half the learning rate, double EWC",
  frozen: "no updates until the cool-off ends",
};

/** Why an update was made. */
export const UPDATE_REASON: Record<string, string> = {
  drift: "after drift",
  trigger: "by the trigger",
  request: "on request",
};
