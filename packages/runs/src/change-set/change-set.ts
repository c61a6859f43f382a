import { ArtifactHandle, createChecker, parseStrictJson } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { type Static, Type } from '@sinclair/typebox';
import { ChangeRefusal } from '../errors.ts';

/** Bounds of one change set. */
export const CHANGE_SET_BOUNDS = {
  /** Entries of a set, directories included. */
  maxEntries: 10_000,
  maxPathChars: 1_024,
  /** Content of one file, before or after. */
  maxFileBytes: 64 * 1024 * 1024,
  /** Content of all files before, and of all files after: each is held in memory once. */
  maxTotalBytes: 256 * 1024 * 1024,
} as const;

const CLOSED = { additionalProperties: false } as const;
const Path = Type.String({ minLength: 1, maxLength: CHANGE_SET_BOUNDS.maxPathChars });
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Mode = Type.String({ pattern: '^0[0-7]{3}$', description: 'Permission bits, octal, e.g. 0644' });

/** One file. `before_sha256` null: there is none yet. `after` null: there is none afterwards. */
const FileChange = Type.Object(
  {
    path: Path,
    before_sha256: Type.Union([Sha256, Type.Null()]),
    after: Type.Union([ArtifactHandle, Type.Null()]),
    /** Default: as before, and 0644 for a new file. */
    mode: Type.Optional(Mode),
  },
  CLOSED,
);
export type FileChange = Static<typeof FileChange>;

/** A directory for its own sake, e.g. an empty one. Those on the way to a file come by themselves. */
const DirectoryChange = Type.Object(
  {
    path: Path,
    directory: Type.Union([Type.Literal('create'), Type.Literal('remove')]),
    /** Of one that is created; default 0755. */
    mode: Type.Optional(Mode),
  },
  CLOSED,
);
export type DirectoryChange = Static<typeof DirectoryChange>;

/** What an engine or a planner proposes to make of a workspace (CONTRACT §12). Proposing it changes nothing. */
export const ChangeSet = Type.Object(
  {
    schema_version: Type.Literal('mex.change_set@1.0'),
    /** Why, in words; shown to whoever approves it. */
    title: Type.Optional(Type.String({ maxLength: 1_000 })),
    entries: Type.Array(Type.Union([FileChange, DirectoryChange]), {
      minItems: 1,
      maxItems: CHANGE_SET_BOUNDS.maxEntries,
    }),
  },
  { ...CLOSED, $id: 'mex:change-set' },
);
export type ChangeSet = Static<typeof ChangeSet>;

const checker = createChecker(ChangeSet);

/** @throws MexError `ENVELOPE_INVALID`, or what the strict door says. */
export function parseChangeSet(input: string | Uint8Array | object): ChangeSet {
  const isText = typeof input === 'string' || input instanceof Uint8Array;
  const value = checker.parse(isText ? parseStrictJson(input) : structuredClone(input), 'A change set');
  const seen = new Set<string>();
  for (const { path } of value.entries) {
    if (seen.has(path))
      throw new ChangeRefusal('CHANGE_SET_INVALID', `Two entries have the path ${quote(path)}.`, [path]);
    seen.add(path);
  }
  return value;
}

/**
 * What an approval is bound to: exactly this change set. Under which id content lies in the store is no part of it, so
 * that the same diff, read twice, is the same change.
 */
export function changeSetDigest({ entries, ...rest }: ChangeSet): string {
  const exact = entries.map((entry) => {
    if ('directory' in entry || entry.after === null) return entry;
    const { sha256, size_bytes } = entry.after;
    return { ...entry, after: { sha256, size_bytes } };
  });
  return digestJson({ ...rest, entries: exact });
}

function quote(path: string): string {
  return JSON.stringify(path.slice(0, 200));
}
