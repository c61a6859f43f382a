import type { GapList } from './gaps.ts';
import { HistoryFault } from './history-fault.ts';
import type { DatabaseFiles } from './object-database.ts';
import { type Refs, readRefs } from './refs.ts';

/** The pinned directory of a repository (`.git`). */
export interface RepositoryFiles {
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly read: (path: string) => Promise<Uint8Array>;
}

/** A repository in memory. */
export interface Repository {
  readonly database: DatabaseFiles;
  readonly refs: Refs;
  readonly shallow: ReadonlySet<string>;
}

/** All of it is held in memory, so this much is read and no more. */
export const MAX_REPOSITORY_BYTES = 256 * 1024 * 1024;
/** Of a file that lists refs or commits. */
const MAX_LIST_BYTES = 32 * 1024 * 1024;
/** Files that the host reads while others are being received. */
const AHEAD = 16;

const PACK = /^objects\/pack\/[^/]+\.pack$/;
const INDEX = /^objects\/pack\/[^/]+\.idx$/;
const LOOSE = /^objects\/([0-9a-f]{2})\/([0-9a-f]{38})$/;
const LONG_LOOSE = /^objects\/[0-9a-f]{2}\/[0-9a-f]{62}$/;
const REF = /^refs\//;
const NAMED: ReadonlySet<string> = new Set(['HEAD', 'packed-refs', 'shallow']);

/** Reads what of a repository leads to its history. What cannot be read is a gap; `undefined` when it is too much. */
export async function readRepository(repository: RepositoryFiles, gaps: GapList): Promise<Repository | undefined> {
  const wanted = repository.files.filter(({ path, size }) => isWanted(path) && !isLongList(path, size, gaps));
  const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_REPOSITORY_BYTES) {
    gaps.add(new HistoryFault('bound', `it has ${bytes} bytes, more than the ${MAX_REPOSITORY_BYTES} that are read`));
    return undefined;
  }
  if (repository.files.some(({ path }) => LONG_LOOSE.test(path)))
    gaps.add(new HistoryFault('format', 'its objects are named by SHA-256'));
  const contents = await readAll(
    wanted.map(({ path }) => path),
    repository.read,
    gaps,
  );
  return { database: databaseOf(contents, gaps), refs: refsOf(contents), shallow: shallowOf(contents) };
}

function isWanted(path: string): boolean {
  return NAMED.has(path) || REF.test(path) || LOOSE.test(path) || PACK.test(path) || INDEX.test(path);
}

function isLongList(path: string, size: number, gaps: GapList): boolean {
  if (path.startsWith('objects/') || size <= MAX_LIST_BYTES) return false;
  gaps.add(new HistoryFault('bound', `it has ${size} bytes, more than the ${MAX_LIST_BYTES} that are read`), { path });
  return true;
}

/** In the order of paths. */
async function readAll(
  paths: readonly string[],
  read: RepositoryFiles['read'],
  gaps: GapList,
): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (let from = 0; from < paths.length; from += AHEAD) {
    const some = paths.slice(from, from + AHEAD);
    for (const [at, settled] of (await Promise.allSettled(some.map(read))).entries()) {
      const path = some[at] ?? '';
      if (settled.status === 'fulfilled') contents.set(path, settled.value);
      else gaps.add({ reason: 'unreadable', message: messageOf(settled.reason) }, { path });
    }
  }
  return contents;
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function databaseOf(contents: ReadonlyMap<string, Uint8Array>, gaps: GapList): DatabaseFiles {
  const loose = new Map<string, Uint8Array>();
  const packs: { pack: Uint8Array; index: Uint8Array }[] = [];
  for (const [path, bytes] of contents) {
    const [, start, rest] = LOOSE.exec(path) ?? [];
    if (start !== undefined && rest !== undefined) loose.set(start + rest, bytes);
    if (!PACK.test(path)) continue;
    const index = contents.get(path.replace(/\.pack$/, '.idx'));
    if (index === undefined) gaps.add(new HistoryFault('malformed', 'a pack has no index'), { path });
    else packs.push({ pack: bytes, index });
  }
  return { packs, loose };
}

function refsOf(contents: ReadonlyMap<string, Uint8Array>): Refs {
  const files = new Map<string, string>();
  for (const [path, bytes] of contents) if (REF.test(path)) files.set(path, textOf(bytes));
  const head = contents.get('HEAD');
  return readRefs(head === undefined ? undefined : textOf(head), textOf(contents.get('packed-refs')), files);
}

function shallowOf(contents: ReadonlyMap<string, Uint8Array>): ReadonlySet<string> {
  return new Set(textOf(contents.get('shallow')).split('\n'));
}

const utf8 = new TextDecoder('utf-8');

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : utf8.decode(bytes);
}
