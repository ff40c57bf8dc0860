// Tables of the published pages.

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** A Markdown table. */
export function table(heads: readonly string[], lines: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...lines.map(line)].join("\n");
}
