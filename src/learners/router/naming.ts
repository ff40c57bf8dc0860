// Names on disk, which are snake_case, and names in code, which are camelCase, at every depth.

/** `success_rate` as `successRate`, for the compiler. */
type CamelName<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelName<Tail>>}`
  : Name;

/** A record with the names of all its members in camelCase. */
export type Camel<T> = T extends readonly (infer Element)[]
  ? Camel<Element>[]
  : T extends object
    ? { [Name in keyof T as CamelName<Name>]: Camel<Exclude<T[Name], undefined>> }
    : T;

/** Names by their names in the other style; there are few, and each is asked for often. */
const camelNames = new Map<string, string>();
const snakeNames = new Map<string, string>();

/** A copy of a JSON value with every member named in camelCase; absent ones stay absent. */
export function toCamel<T>(value: T): Camel<T> {
  return renamed(value, camelNames, (name) =>
    name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
  ) as Camel<T>;
}

/** The reverse of `toCamel`; members that are undefined are left out. */
export function toSnake(value: unknown): unknown {
  return renamed(value, snakeNames, (name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
}

function renamed(
  value: unknown,
  known: Map<string, string>,
  rename: (name: string) => string,
): unknown {
  if (Array.isArray(value)) return value.map((each) => renamed(each, known, rename));
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    let other = known.get(name);
    if (other === undefined) {
      other = rename(name);
      known.set(name, other);
    }
    copy[other] = renamed(member, known, rename);
  }
  return copy;
}
