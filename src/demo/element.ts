// Finds and makes the elements of a page.

/** The element of an id. Throws when the page has none of that kind. */
export function find<E extends Element>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`Expected the page to have a ${kind.name} with the id "${id}".`);
}

/** Puts text into the element of an id, if it is not there already. */
export function say(id: string, text: string): void {
  const place = find(id, HTMLElement);
  if (place.textContent !== text) place.textContent = text;
}

/** An element with a class and text; markup in the text stays text. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { className, text }: { className?: string; text?: string } = {},
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className !== undefined) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A row of a table: a heading and cells. */
export function makeRow(heading: HTMLElement, cells: readonly HTMLElement[]): HTMLElement {
  const row = make("tr");
  const head = make("th");
  head.scope = "row";
  head.append(heading);
  row.append(head, ...cells);
  return row;
}

/** An element of SVG with attributes. */
export function makeSvg(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
