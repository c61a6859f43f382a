import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { RepositoryFiles } from '../../src/history/read-repository.ts';

/** An object as it is written into a pack. `raw`: what is compressed; `size`: what is said of it. */
export interface PackEntry {
  readonly id: string;
  /** 1 commit, 2 tree, 3 blob, 4 tag, 6 delta by offset, 7 delta by name. */
  readonly type: number;
  readonly raw: Uint8Array;
  readonly size?: number;
  /** Of deltas: name of the base, or how far before it begins. */
  readonly base?: string | number;
}

const NUMBERS = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;
export type Kind = keyof typeof NUMBERS;

export function idOf(kind: Kind, content: Uint8Array): string {
  return createHash('sha1').update(`${kind} ${content.length}\0`).update(content).digest('hex');
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** An object as it is. */
export function plain(kind: Kind, content: Uint8Array | string): PackEntry {
  const raw = typeof content === 'string' ? bytes(content) : content;
  return { id: idOf(kind, raw), type: NUMBERS[kind], raw };
}

export function treeOf(entries: readonly (readonly [mode: string, name: string, id: string])[]): PackEntry {
  return plain(
    'tree',
    Buffer.concat(
      entries.map(([mode, name, id]) => Buffer.concat([bytes(`${mode} ${name}\0`), Buffer.from(id, 'hex')])),
    ),
  );
}

export function commitOf(tree: string, parents: readonly string[] = [], message = 'x'): PackEntry {
  const who = 'a <a@test.example> 1700000000 +0000';
  const lines = [`tree ${tree}`, ...parents.map((id) => `parent ${id}`), `author ${who}`, `committer ${who}`];
  return plain('commit', `${lines.join('\n')}\n\n${message}\n`);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** A delta: sizes, then instructions as bytes. */
export function delta(base: number, result: number, instructions: readonly number[]): Uint8Array {
  return new Uint8Array([...varint(base), ...varint(result), ...instructions]);
}

/** Instruction: so many bytes of the base from a place on. */
export function copyOf(from: number, length: number): number[] {
  const part = (value: number, count: number) => Array.from({ length: count }, (_, at) => (value >> (8 * at)) & 255);
  return [0xff, ...part(from, 4), ...part(length, 3)];
}

function header({ type, raw, size = raw.length, base }: PackEntry): Uint8Array {
  const rest = Math.floor(size / 16);
  const head = [(type << 4) | (size % 16) | (rest > 0 ? 128 : 0), ...(rest > 0 ? varint(rest) : [])];
  if (type === 7) return Buffer.concat([new Uint8Array(head), Buffer.from(String(base), 'hex')]);
  if (type !== 6) return new Uint8Array(head);
  const distance: number[] = [];
  for (let left = Number(base), first = true; first || left > 0; first = false) {
    if (!first) left -= 1;
    distance.unshift((left % 128) + (first ? 0 : 128));
    left = Math.floor(left / 128);
  }
  return new Uint8Array([...head, ...distance]);
}

/** A pack and its index, sound or not. */
export function writePack(entries: readonly PackEntry[]): { pack: Buffer; index: Buffer; offsets: number[] } {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(entries.length);
  const parts: Uint8Array[] = [bytes('PACK'), new Uint8Array([0, 0, 0, 2]), count];
  let at = 12;
  const offsets = entries.map((entry) => {
    const part = Buffer.concat([header(entry), deflateSync(entry.raw)]);
    parts.push(part);
    at += part.length;
    return at - part.length;
  });
  const body = Buffer.concat(parts);
  const sum = createHash('sha1').update(body).digest();
  return {
    pack: Buffer.concat([body, sum]),
    index: writeIndex(
      entries.map(({ id }) => id),
      offsets,
    ),
    offsets,
  };
}

export function writeIndex(ids: readonly string[], offsets: readonly number[]): Buffer {
  const sorted = ids.map((id, place) => ({ id, offset: offsets[place] ?? 0 })).sort((a, b) => (a.id < b.id ? -1 : 1));
  const numbers = (values: readonly number[]): Buffer => {
    const out = Buffer.alloc(values.length * 4);
    for (const [place, value] of values.entries()) out.writeUInt32BE(value, place * 4);
    return out;
  };
  const fanout = Array.from(
    { length: 256 },
    (_, first) => sorted.filter(({ id }) => Number.parseInt(id.slice(0, 2), 16) <= first).length,
  );
  return Buffer.concat([
    numbers([0xff744f63, 2, ...fanout]),
    ...sorted.map(({ id }) => Buffer.from(id, 'hex')),
    numbers(sorted.map(() => 0)),
    numbers(sorted.map(({ offset }) => offset)),
    Buffer.alloc(40),
  ]);
}

export type Files = Readonly<Record<string, Uint8Array | string>>;

/** A repository in memory. */
export function repositoryOf(files: Files): RepositoryFiles {
  const contents = new Map(
    Object.entries(files).map(([path, content]) => [path, typeof content === 'string' ? bytes(content) : content]),
  );
  return {
    files: [...contents]
      .map(([path, content]) => ({ path, size: content.length }))
      .sort((a, b) => (a.path < b.path ? -1 : 1)),
    read: async (path) => contents.get(path) ?? Promise.reject(new Error('no such file')),
  };
}

/** The files of a repository with one pack, whose branch is at a commit. */
export function packedFiles(entries: readonly PackEntry[], tip: string): Record<string, Uint8Array | string> {
  const { pack, index } = writePack(entries);
  return {
    HEAD: 'ref: refs/heads/main\n',
    'refs/heads/main': `${tip}\n`,
    'objects/pack/pack-1.pack': new Uint8Array(pack),
    'objects/pack/pack-1.idx': new Uint8Array(index),
  };
}

/** An object as a file of its own. */
export function looseFile({ id, type, raw }: PackEntry): [path: string, content: Uint8Array] {
  const kind = Object.entries(NUMBERS).find(([, number]) => number === type)?.[0] ?? 'blob';
  const content = deflateSync(Buffer.concat([bytes(`${kind} ${raw.length}\0`), raw]));
  return [`objects/${id.slice(0, 2)}/${id.slice(2)}`, new Uint8Array(content)];
}

/** A repository with one commit for each tree, made in memory. */
export function repositoryWith(...trees: readonly Readonly<Record<string, string>>[]) {
  const objects: PackEntry[] = [];
  const commits: string[] = [];
  for (const files of trees) {
    const blobs = Object.entries(files).map(([name, text]) => ({ name, blob: plain('blob', text) }));
    const tree = treeOf(blobs.map(({ name, blob }) => ['100644', name, blob.id] as const));
    const commit = commitOf(tree.id, commits.slice(-1));
    objects.push(...blobs.map(({ blob }) => blob), tree, commit);
    commits.push(commit.id);
  }
  const files = { HEAD: 'ref: refs/heads/main\n', 'refs/heads/main': `${commits.at(-1)}\n` };
  return { commits, files: { ...files, ...Object.fromEntries(objects.map(looseFile)) } };
}
