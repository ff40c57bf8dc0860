// The field in which the visitor chooses a seed.

/** The seed in the field, brought into the field's limits. */
export function readSeed(field: HTMLInputElement): number {
  const [least, most] = [Number(field.min), Number(field.max)];
  const asked = Math.round(field.valueAsNumber);
  const seed = Number.isFinite(asked) ? Math.min(most, Math.max(least, asked)) : least;
  if (field.value !== String(seed)) field.value = String(seed);
  return seed;
}
