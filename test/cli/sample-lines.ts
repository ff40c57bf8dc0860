// Lines of a file of samples, for the tests of `driftkeel run`.

/** Samples of y = sin(3x) + shift, one JSON object each. */
export function lines(count: number, shift: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const x = Math.sin(12.9898 * index);
    return JSON.stringify({ input: [x], label: [Math.sin(3 * x) + shift] });
  });
}
