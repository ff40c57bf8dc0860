// Markup as a value: text put into it is escaped, markup put into it stays.

const ENTITY: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** Characters that no version of HTML allows in a document, and XML neither. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;

/** A piece of a page. The constructor takes text as markup, so it must not come from outside. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Part[];

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  const text = String(part).replace(UNPRINTABLE, "\ufffd");
  return text.replace(/[&<>"']/g, (character) => ENTITY[character]!);
}

/**
 * Template tag: strings and numbers are escaped for text and quoted attributes alike, markup and
 * lists of markup are put in as they are.
 */
export function markup(literals: TemplateStringsArray, ...parts: Part[]): Markup {
  const pieces = literals.map((literal, index) => {
    const part = parts[index];
    return part === undefined ? literal : literal + textOf(part);
  });
  return new Markup(pieces.join(""));
}
