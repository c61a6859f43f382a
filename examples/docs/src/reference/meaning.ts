import { memberComments } from './doc-comments.ts';
import { listNames, readText } from './read.ts';
import type { SchemaRow } from './schema-rows.ts';
import { WORDS } from './words.ts';

const FOLDER = 'packages/envelope/src/documents';

/** Entries of {@link WORDS} that a page has used; what is left over is stale. */
const used = new Set<string>();
/** Members that nothing is said about. */
const missing: string[] = [];

/** Says what the members of one document mean. */
export class Meanings {
  private readonly document: string;
  private readonly comments: ReadonlyMap<string, string>;

  /** @param document the name of its published schema, e.g. `planned-operation` */
  constructor(document: string, file: string = sourceOf(document)) {
    this.document = document;
    this.comments = memberComments(file);
  }

  of(row: SchemaRow): string {
    const name = row.path.split('.').at(-1)?.replaceAll('[]', '') ?? '';
    const exact = `${this.document}.${row.path}`;
    if (WORDS[exact] !== undefined) used.add(exact);
    const words = WORDS[exact] ?? this.comments.get(name) ?? (row.description || WORDS[name]);
    if (WORDS[name] !== undefined) used.add(name);
    if (words === undefined && name !== '<name>') missing.push(exact);
    return words ?? '';
  }
}

/** What is wrong with the words after all pages were rendered: members without any, and words of no member. */
export function wordFaults(): string[] {
  const stale = Object.keys(WORDS).filter((word) => !used.has(word));
  return [
    ...missing.map((member) => `${member}: write a comment above it in ${FOLDER}, or a line in words.ts`),
    ...stale.map((word) => `${word} in words.ts: no member is called that, or its comment comes first`),
  ];
}

function sourceOf(document: string): string {
  const file = listNames(FOLDER).find((name) => readText(`${FOLDER}/${name}`).includes(`$id: 'mex:${document}'`));
  if (file === undefined) throw new Error(`no file in ${FOLDER} has the schema mex:${document}`);
  return `${FOLDER}/${file}`;
}
