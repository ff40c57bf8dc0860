// Finds a name that a JSON object has twice, which JSON.parse passes over in silence.

/**
 * The first name that some object of `json` has twice; undefined when there is none. json: text
 * that JSON.parse accepts. Names are compared as they mean, not as they are written.
 */
export function duplicateKey(json: string): string | undefined {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
  /** The names so far of each open object; undefined for an open array. */
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (const [token] of json.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token.startsWith('"') && isName) {
      const name: string = JSON.parse(token);
      const names = open.at(-1);
      if (names?.has(name)) return name;
      names?.add(name);
    }
    isName = token === "{" || (token === "," && open.at(-1) !== undefined);
  }
  return undefined;
}
