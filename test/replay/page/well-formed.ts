// Reads a page as strictly as XML is read, for the tests.

/** Elements of a page in the order in which they start. */
export interface PageElement {
  name: string;
  attributes: Record<string, string>;
  /** The text directly in it and below, entities as they are written. */
  text: string;
}

const TAG = /<(\/?)([a-z][a-z0-9]*)((?:[ \n]+[a-zA-Z-]+="[^"<>]*")*)(\/?)>/y;
const TEXT = /[^<>]+/y;
const LONE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|#\d+);)/;

/** Returns the elements of `page`; throws where it is not well-formed. */
export function readPage(page: string): PageElement[] {
  const doctype = "<!DOCTYPE html>\n";
  if (!page.startsWith(doctype)) throw new Error("no doctype");
  const elements: PageElement[] = [];
  const open: PageElement[] = [];
  let at = doctype.length;
  while (at < page.length) {
    const here = page.slice(at, at + 80);
    TEXT.lastIndex = at;
    TAG.lastIndex = at;
    const text = TEXT.exec(page)?.[0];
    const tag = TAG.exec(page);
    if (text === undefined && tag === null) throw new Error(`not a tag: ${here}`);
    if (LONE_AMPERSAND.test(text ?? tag![3]!)) throw new Error(`a lone ampersand: ${here}`);
    at += (text ?? tag![0]).length;
    if (text !== undefined) {
      if (open.length === 0 && text.trim() !== "") throw new Error(`text outside: ${here}`);
      for (const element of open) element.text += text;
      continue;
    }
    const [, isEnd, name, attributes, isEmpty] = tag!;
    if (isEnd) {
      if (open.pop()?.name !== name) throw new Error(`closes nothing: ${here}`);
      continue;
    }
    const element = { name: name!, attributes: readAttributes(attributes!), text: "" };
    elements.push(element);
    if (!isEmpty) open.push(element);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.at(-1)!.name}`);
  return elements;
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/([a-zA-Z-]+)="([^"]*)"/g)) {
    if (name! in attributes) throw new Error(`twice: ${name}`);
    attributes[name!] = value!;
  }
  return attributes;
}
