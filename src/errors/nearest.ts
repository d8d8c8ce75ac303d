// The nearest valid name for a misspelled one, so that an error can say what to type instead.
// Optimal string alignment (Damerau-Levenshtein restricted to one edit a substring): a swap of two
// neighbouring letters, the commonest slip, counts as one edit.

/** Number of insertions, deletions, replacements and neighbour swaps that turn `a` into `b`. O(|a|·|b|). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(before, j - 2) + 1);
      }
      row.push(best);
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}

// Longer inputs are no slip of the finger, and the distance is quadratic.
const longestName = 64;

/**
 * The candidate that `name` most likely meant, or undefined when none is close: at most one edit in three
 * characters, letter case and `_`/`-` aside. Ties go to the earlier candidate.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > longestName) return undefined;
  const wanted = fold(name);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate === name || candidate.length > longestName) continue;
    const distance = editDistance(wanted, fold(candidate));
    const limit = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3));
    // One edit turns any one-letter name into any other: that is no likeness.
    if (distance > limit || distance >= Math.min(name.length, candidate.length)) continue;
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}
