// What all pictures of the benches share: text, and colours for light and dark pages.

/** Rules of text, page and grid; `own` comes after them and `ownDark` on dark pages. */
export function styleOf(own: string, ownDark: string): string {
  return `<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .page { fill: #ffffff; }
  .quiet { fill: #59636e; font-size: 11px; }
  .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #d1d9e0; }
${own}
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .page { fill: #0d1117; }
    .quiet { fill: #9198a1; }
    .grid { stroke: #3d444d; }
${ownDark}
  }
</style>`;
}

/** The opening tag of a picture with its background. */
export function openPicture(width: number, height: number, label: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeMarkup(label)}">`
  );
}

function escapeMarkup(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

export function textAt(x: number, y: number, text: string, attributes = ""): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escapeMarkup(text)}</text>`;
}
