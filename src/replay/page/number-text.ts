// Writes numbers for people: a fixed count of digits, a true minus sign.

/** A true minus sign, and none before a value that was rounded to 0. */
function minus(text: string): string {
  return /[1-9]/.test(text) ? text.replace("-", "\u2212") : text.replace("-", "");
}

/** Fixed decimals with a sign always: `+0.41`, `−1.20`. */
export function signed(value: number, decimals = 2): string {
  const text = minus(value.toFixed(decimals));
  return text.startsWith("\u2212") ? text : `+${text}`;
}

/** A fraction in whole percent: `57%`, `−12%`. */
export function percent(fraction: number): string {
  return minus(`${(100 * fraction).toFixed(0)}%`);
}

/** As short as the number is: `0.5`, `−3`, `1e+21`. */
export function plain(value: number): string {
  return minus(String(value));
}

/** A count and its noun: `1 day`, `3 days`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
