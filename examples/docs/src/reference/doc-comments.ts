import { readText } from './read.ts';

const COMMENT = String.raw`/\*\*\s*((?:[^*]|\*(?!/))+?)\s*\*/\s*\n\s*`;

/** What the comments above the members of a schema say, as far as a file says one thing about a name. */
export function memberComments(file: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const twice = new Set<string>();
  for (const [, words = '', name = ''] of readText(file).matchAll(new RegExp(`${COMMENT}([a-z_][a-z0-9_]*): `, 'g'))) {
    const text = plain(words);
    if (found.has(name) && found.get(name) !== text) twice.add(name);
    found.set(name, text);
  }
  for (const name of twice) found.delete(name);
  return found;
}

/** What the comments above `system('<subject>', …)` say. */
export function subjectComments(file: string): ReadonlyMap<string, string> {
  const matches = readText(file).matchAll(new RegExp(`${COMMENT}system\\('([a-z_.]+)'`, 'g'));
  return new Map([...matches].map(([, words = '', subject = '']) => [subject, plain(words)]));
}

function plain(comment: string): string {
  return comment
    .replaceAll(/\s*\n\s*\*\s?/g, ' ')
    .replaceAll(/\s*\(CONTRACT §[^)]*\)/g, '')
    .trim();
}
