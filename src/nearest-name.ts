// Finds the name a caller probably meant, for "did you mean" in error messages.

/** Distance of an abbreviation: a slip of one letter is nearer, one of two is not. */
const ABBREVIATED = 1.5;

/** Longer names are not compared: the cost grows with the product of the lengths. */
const MAX_COMPARED = 64;

/**
 * Lower case, without the separators of other naming styles: `max_steps` and `maxSteps` are the
 * same name.
 */
function normalize(name: string): string {
  return name.replace(/[-_. ]/g, "").toLowerCase();
}

/** The first letters of the words of a name: `learningRate` and `learning_rate` give `lr`. */
function initials(name: string): string {
  const words = name.match(/[A-Z]?[a-z]+|[A-Z]+|[0-9]+/g) ?? [];
  return words.length < 2 ? "" : words.map((word) => word.charAt(0).toLowerCase()).join("");
}

/** Whether the shorter name is the initials of the longer one, or from 3 letters on its start. */
function isAbbreviation(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  const start = normalize(short);
  if (start === "" || start === normalize(long)) return false;
  return start === initials(long) || (start.length >= 3 && normalize(long).startsWith(start));
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours between `a` and `b` (optimal string
 * alignment).
 */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
      }
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/**
 * The name in `known` nearest to `name` by edit distance, case and separators aside, or undefined
 * when none is within a third of its length. An abbreviation is near what it stands for:
 * `learningRate` finds `lr`, and `lock` finds `locked`. Of equally near names the first wins.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_COMPARED) return undefined;
  const sought = normalize(name);
  let nearest: string | undefined;
  let nearestDistance = Math.max(1, Math.floor(sought.length / 3)) + 1;
  for (const candidate of known) {
    if (candidate.length > MAX_COMPARED) continue;
    const compared = normalize(candidate);
    const distance = Math.min(
      editDistance(sought, compared),
      isAbbreviation(name, candidate) ? ABBREVIATED : Number.POSITIVE_INFINITY,
    );
    if (distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}
