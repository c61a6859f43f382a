import { type Static, Type } from '@sinclair/typebox';

const CLOSED = { additionalProperties: false } as const;
const ModeBits = Type.Integer({ minimum: 0, maximum: 0o7777 });

/** What stands at a path: nothing, a directory, or a file with exactly this content. Modes are permission bits. */
export const PathState = Type.Union([
  Type.Null(),
  Type.Object({ kind: Type.Literal('directory'), mode: ModeBits }, CLOSED),
  Type.Object(
    {
      kind: Type.Literal('file'),
      mode: ModeBits,
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      size_bytes: Type.Integer({ minimum: 0 }),
    },
    CLOSED,
  ),
]);
export type PathState = Static<typeof PathState>;
export type FileState = Extract<PathState, { kind: 'file' }>;

/** Directories are the same whatever their mode: it is set when one is made, and nobody's business afterwards. */
export function sameState(a: PathState, b: PathState): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind === 'directory' || b.kind === 'directory') return a.kind === b.kind;
  return a.sha256 === b.sha256 && a.mode === b.mode;
}

/** A path on its way from one state to another. */
export interface Move {
  readonly path: string;
  readonly from: PathState;
  readonly to: PathState;
}
