// Texts that are kept as JSON, because a store ends its own at a NUL or refuses it.

import * as z from "zod/mini";

/** The text that a JSON text stands for; for `z.transform`. */
export function textOfJson(json: string, { issues }: z.core.ParsePayload): string {
  try {
    const text: unknown = JSON.parse(json);
    if (typeof text === "string") return text;
  } catch {
    // reported below, like text that is JSON of something else
  }
  issues.push({ code: "custom", input: json, message: "not the JSON of a text" });
  return z.NEVER;
}
