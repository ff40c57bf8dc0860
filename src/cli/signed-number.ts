// Writes a number for a column in which gains and losses are compared.

/** Two decimals, always with a sign, so that the digits of a column align: `+0.41`, `-1.20`. */
export function signedNumber(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(2)}`;
}
