// The `schedule` of a model in a configuration file: when it is updated without being asked, and on
// how many days of samples.

import { Cron } from "croner";
import * as z from "zod/mini";
import { nonNegativeInteger, positiveInteger } from "../options.ts";
import type { OnlineUpdateConfig } from "./online-update-config.ts";

/** Days of a window where the file names none. */
const WINDOW_DAYS = 60;
/** As many jobs of a model as are kept: the day's are counted among them. */
const MOST_UPDATES = 1000;
const LONGEST_JITTER = 86_400;

const CRON = "a cron expression of 5 or 6 fields that fires some day";
const ZONE = 'the name of a time zone, such as "Europe/Paris"';
const DAYS = "an integer from 1 to 3650";
const UPDATES = `an integer from 1 to ${MOST_UPDATES}`;
const JITTER = `an integer from 0 to ${LONGEST_JITTER}`;

/** Schema of the section; a model without `cron` is updated on request alone. */
export const scheduleConfig = z.strictObject({
  /** Minute, hour, day, month, weekday; a sixth field in front has seconds. */
  cron: z.optional(z.string(CRON).check(z.refine(firesSomeDay, CRON))),
  /** In which `cron` is read and days begin. */
  time_zone: z._default(z.string(ZONE).check(z.refine(isTimeZone, ZONE)), "UTC"),
  /** A run is late by up to this much: by how much, the model's id and the date say. */
  jitter_seconds: z._default(nonNegativeInteger.check(z.maximum(LONGEST_JITTER, JITTER)), 0),
  /** Default 60, or the nearest number of days that `online_update` allows. */
  window_days: z.optional(positiveInteger.check(z.maximum(3650, DAYS))),
  /** Those asked for over HTTP count, and are not held back. */
  max_updates_per_day: z._default(positiveInteger.check(z.maximum(MOST_UPDATES, UPDATES)), 1),
  stability_check: z._default(z.boolean(), true),
  /** Whether a run that fell into a time without the service is made when it starts. */
  catch_up: z._default(z.boolean(), true),
});

/** When one model is updated without being asked. */
export type ScheduleConfig = z.output<typeof scheduleConfig>;

/** What a window has to fit. */
interface Windows {
  schedule: ScheduleConfig;
  online_update: OnlineUpdateConfig;
}

/** A check of a model: its window is one that could be asked for. */
export function checkWindowDays({ value, issues }: z.core.ParsePayload<Windows>): void {
  const { schedule, online_update } = value;
  const { min_days, max_days } = online_update;
  const input = schedule.window_days;
  if (input === undefined || (input >= min_days && input <= max_days)) return;
  const message = `within min_days and max_days of online_update (${min_days} to ${max_days})`;
  issues.push({ code: "custom", path: ["schedule", "window_days"], message, input });
}

/** The days of a scheduled window. */
export function windowDaysOf({ schedule, online_update }: Windows): number {
  const { min_days, max_days } = online_update;
  return schedule.window_days ?? Math.min(Math.max(WINDOW_DAYS, min_days), max_days);
}

/** A moment in place of an expression, which croner takes too, would fire once at most. */
function firesSomeDay(text: string): boolean {
  try {
    const cron = new Cron(text, { paused: true, mode: "5-or-6-parts" });
    return cron.getPattern() !== undefined && cron.nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return true;
  } catch {
    return false;
  }
}
