// Runs the misuse of every option of one owner from a table of what each option wants.

import { describe, expect, it } from "vitest";
import { errorOf, expectOurs } from "./refusal.ts";
import { type Wanted, wrongFor } from "./wrong-values.ts";

/** The options of one constructor or function. */
export interface OptionTable {
  /** As messages name it. */
  owner: string;
  /** Makes, and gives back, what the options are for. */
  call: (options: never) => unknown;
  /** Options that are accepted, with every nested object present. */
  good: Record<string, unknown>;
  /** What each option wants, or the values it refuses: `replay.share`, `layers[0].size`. */
  options: Record<string, Wanted | readonly unknown[]>;
  /** Those that may not be left out. */
  required?: readonly string[];
  /** What must not change. */
  look?: () => unknown;
}

const keysOf = (path: string) => path.split(/[.[\]]+/).filter(Boolean);

/** A copy of `from` with the value at `path` replaced; only what lies on the path is copied. */
function withValue(from: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = (Array.isArray(from) ? [...from] : { ...(from as object) }) as never;
  copy[key as never] = withValue((from as never)[key], rest, value) as never;
  return copy;
}

/** The names a message lists as known, sorted. */
function knownNames(message: string): string[] {
  const list = /; known: (.+)\.$/.exec(message)?.[1] ?? "";
  return list.split(", ").sort();
}

/** The options directly below an object, by its path. */
function byParent(paths: readonly string[]): Map<string, string[]> {
  const parents = new Map<string, string[]>();
  for (const path of paths) {
    const cut = path.lastIndexOf(".");
    const parent = path.slice(0, Math.max(cut, 0));
    parents.set(parent, [...(parents.get(parent) ?? []), path.slice(cut + 1)]);
  }
  return parents;
}

type Refuses = (given: unknown, code: "OPTION_INVALID" | "OPTION_UNKNOWN") => Promise<string>;

/** Expects options to be refused with nothing changed; returns the message. */
function refusalOf({ call, look = () => undefined }: OptionTable): Refuses {
  return async (given, code) => {
    const before = look();
    const error = await errorOf(() => call(given as never));
    expectOurs(error, code);
    expect(look()).toEqual(before);
    return (error as Error).message;
  };
}

function testValues({ owner, good, options, required = [] }: OptionTable, refuses: Refuses): void {
  const rows = Object.entries(options).map(([path, wanted]) => ({
    path,
    wants: typeof wanted === "string" ? wanted : "what it stands for",
    values: typeof wanted === "string" ? wrongFor[wanted as Wanted] : wanted,
  }));
  it.each(rows)("$path: $wants and nothing else", async ({ path, values }) => {
    for (const value of values) {
      const message = await refuses(withValue(good, keysOf(path), value), "OPTION_INVALID");
      expect(message, String(value)).toMatch(`Expected ${owner} option "`);
    }
  });

  if (required.length === 0) return;
  it.each(required)("%s may not be left out", async (path) => {
    const message = await refuses(withValue(good, keysOf(path), undefined), "OPTION_INVALID");
    expect(message).toMatch(`option "${path}"`);
    expect(message).toMatch("got undefined");
  });
}

function testNames({ owner, good, options }: OptionTable, refuses: Refuses): void {
  const parents = [...byParent(Object.keys(options))];
  it.each(parents)("under '%s' are all in the table", async (at, names) => {
    const path = [...keysOf(at), "zzzzzzzz"];
    const message = await refuses(withValue(good, path, 1), "OPTION_UNKNOWN");
    expect(knownNames(message)).toEqual([...names].sort());
  });

  it("with a letter missing are answered with the right name", async () => {
    for (const name of Object.keys(options).filter((each) => /^\w{5,}$/.test(each))) {
      const short = name.slice(0, -1);
      const message = await refuses(withValue(good, [short], 1), "OPTION_UNKNOWN");
      expect(message).toBe(`Unknown ${owner} option "${short}"; did you mean "${name}"?`);
    }
  });
}

/** Registers the tests of one table. */
export function describeOptions(table: OptionTable): void {
  const { owner, good, required = [] } = table;
  const refuses = refusalOf(table);

  describe(`the options of ${owner}`, () => {
    it("are accepted as they are here", async () => {
      await table.call(good as never);
      await table.call(Object.freeze({ ...good }) as never);
    });

    testValues(table, refuses);
    testNames(table, refuses);

    it("are an object of their own: no number, text, list, and nothing inherited", async () => {
      for (const value of [1, "options", true, null, [good], () => good]) {
        await refuses(value, "OPTION_INVALID");
      }
      if (required.length > 0) await refuses(Object.create(good), "OPTION_INVALID");
    });
  });
}
