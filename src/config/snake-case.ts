// Names of a configuration file, which are snake_case, and those of options, which are camelCase.

/** `max_steps` as `maxSteps`, for the compiler. */
type CamelCase<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** An object with its own members renamed; what is optional is absent or there, never undefined. */
export type Renamed<T> = { [Name in keyof T as CamelCase<Name>]: Exclude<T[Name], undefined> };

/** The members of `options` under camelCase names; members of members keep theirs. */
export function toCamelCase<T extends object>(options: T): Renamed<T> {
  const renamed = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [camelCase(name), value]);
  return Object.fromEntries(renamed) as Renamed<T>;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
