import type { ArtifactStore } from '@mex/artifacts';
import { ArtifactHandle, canonicalBytes, createChecker, MexError, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { type Static, Type } from '@sinclair/typebox';
import { ChangeRefusal } from '../errors.ts';
import { PathState } from './path-state.ts';

const CLOSED = { additionalProperties: false } as const;

/**
 * What a change makes of a workspace, path by path: what was there, to put it back, and what comes, to finish it. Its
 * digest is in the log before the first write; recovery and rollback follow it and nothing else.
 */
const Snapshot = Type.Object(
  {
    schema_version: Type.Literal('mex.snapshot@1.0'),
    change_id: Type.String({ maxLength: 36 }),
    run_id: Type.String({ maxLength: 36 }),
    direction: Type.Union([Type.Literal('apply'), Type.Literal('rollback')]),
    /** Absolute path. */
    workspace: Type.String({ maxLength: 4_096 }),
    change_set_sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    /** A bundle with the content of every file before and after, by its hash; null when there is none. */
    contents: Type.Union([ArtifactHandle, Type.Null()]),
    moves: Type.Array(Type.Object({ path: Type.String(), from: PathState, to: PathState }, CLOSED)),
  },
  CLOSED,
);
export type Snapshot = Static<typeof Snapshot>;

const checker = createChecker(Snapshot);
/** Two states of ten thousand files, and directories on the way. */
const BOUNDS = { maxBytes: 64 * 1024 * 1024, maxKeys: 1_000_000 };
const CANONICAL = { maxChars: BOUNDS.maxBytes };

/** Keeps all content as one bundle, so that nothing of it is collected while it may be wanted. Answers with its handle. */
export async function keepContents(
  store: ArtifactStore,
  contents: ReadonlyMap<string, Uint8Array>,
): Promise<ArtifactHandle | null> {
  if (contents.size === 0) return null;
  const files = [...contents].map(([sha256, bytes]) => ({ path: sha256, bytes }));
  const meta = { layer: 'evidence', name: 'snapshot-contents', classification: 'high', pinned: true } as const;
  const { handle, index } = await store.putBundle(files, { ...meta, created_by: {} });
  const wrong = index.entries.find(({ path, sha256 }) => path !== sha256);
  if (wrong === undefined) return handle;
  throw new ChangeRefusal('CHANGE_CONFLICT', `Content ${wrong.path} of the change set is not what its handle says.`);
}

/** Stores the document. Answers with its hash, which goes into the log. */
export async function keepSnapshot(store: ArtifactStore, snapshot: Snapshot): Promise<string> {
  const bytes = canonicalBytes(snapshot, CANONICAL);
  const meta = { kind: 'report', mime: 'application/json', layer: 'evidence', name: 'snapshot.json' } as const;
  const { sha256 } = await store.put(bytes, { ...meta, classification: 'high', pinned: true, created_by: {} });
  return sha256;
}

/** @throws MexError `CHANGE_SNAPSHOT_TAMPERED` */
export async function readSnapshot(store: ArtifactStore, sha256: string): Promise<Snapshot> {
  try {
    const bytes = await store.get(sha256);
    if (sha256Hex(bytes) === sha256) return checker.parse(parseStrictJson(bytes, BOUNDS), 'A snapshot');
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    throw tampered(sha256, error);
  }
  throw tampered(sha256);
}

function tampered(sha256: string, cause?: unknown): ChangeRefusal {
  return new ChangeRefusal('CHANGE_SNAPSHOT_TAMPERED', `The snapshot ${sha256} cannot be used.`, [], cause);
}
