// The colours of the style sheet, for what is drawn on a canvas.

const known = new Map<string, string>();
const watchers: (() => void)[] = [];

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  known.clear();
  for (const draw of watchers) draw();
});

/** The present value of a colour, such as `--ink`. */
export function colorOf(name: string): string {
  const before = known.get(name);
  if (before !== undefined) return before;
  const color = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  known.set(name, color);
  return color;
}

/** Calls `draw` whenever the colours have changed. */
export function onColorChange(draw: () => void): void {
  watchers.push(draw);
}
