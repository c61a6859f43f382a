/** Adds the words of a text to `counts`: letters, digits and apostrophes, in lower case. */
export function countWords(text: string, counts: Map<string, number>): void {
  for (const [found] of text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}'’]*/gu)) {
    const word = found.toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
}

/** The most frequent words; words that are as frequent as each other in code-unit order, not in that of a locale. */
export function mostFrequent(
  counts: ReadonlyMap<string, number>,
  most: number,
): readonly { readonly word: string; readonly count: number }[] {
  return [...counts]
    .map(([word, count]) => ({ word, count }))
    .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
    .slice(0, most);
}
