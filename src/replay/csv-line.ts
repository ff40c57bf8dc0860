// Splits one line of a CSV file into its fields.

/**
 * Returns the fields of one line (RFC 4180: separated by commas; a field in double quotes may hold
 * commas, and a doubled quote for a quote), or undefined when a quote is left open.
 */
export function splitCsvLine(line: string): string[] | undefined {
  const fields: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === '"') {
      const isEscaped = isQuoted && line[at + 1] === '"';
      if (isEscaped) field += line[++at];
      else isQuoted = !isQuoted;
    } else if (character === "," && !isQuoted) {
      fields.push(field);
      field = "";
    } else {
      field += character;
    }
  }
  fields.push(field);
  return isQuoted ? undefined : fields;
}
