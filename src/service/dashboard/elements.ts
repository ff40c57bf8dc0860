// Makes and fills elements. Text goes in as text: nothing here ever reads markup.

type Attributes = Record<string, string | number | boolean | undefined>;
type Child = Node | string | undefined;

const SVG = "http://www.w3.org/2000/svg";

function fill<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** An element of HTML. An attribute that is undefined or false is left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function shape(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS(SVG, tag) as SVGElement, attributes, children);
}

/** The element of the page with this id, which is of this kind. */
export function byId<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`Expected the page to have a ${kind.name} with the id ${id}.`);
}

/** Replaces what is in `parent`; who had the focus has it again, when its id is there again. */
export function replaceIn(parent: Element, ...children: Child[]): void {
  const focused = parent.contains(document.activeElement) ? document.activeElement?.id : undefined;
  parent.replaceChildren(...children.filter((child) => child !== undefined));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** A moment as a `<time>`. */
export function timeElement(iso: string, text: string): HTMLTimeElement {
  return element("time", { datetime: iso }, text);
}
