import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { BOUNDS } from '../bounds.ts';

/** RFC 9562 UUID, lower case. */
export const Uuid = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'RFC 9562 UUID in lower case',
});

/** SHA-256 digest, 64 lower-case hex digits. */
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hex' });

/** RFC 3339 date-time in UTC, written with `Z`. */
export const Timestamp = Type.String({
  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?Z$',
  description: 'RFC 3339 date-time, UTC',
});

/** One dot-separated part of a pre-release: a number without leading zeros, or a word. Written so that it cannot backtrack. */
const PRERELEASE = '(0(\\d*[A-Za-z-][0-9A-Za-z-]*)?|[1-9]\\d*([A-Za-z-][0-9A-Za-z-]*)?|[A-Za-z-][0-9A-Za-z-]*)';
const NUMBER = '(0|[1-9]\\d{0,8})';

/** SemVer 2.0.0 version: whatever passes, a semver library orders. */
export const Version = Type.String({
  pattern: `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${PRERELEASE}(\\.${PRERELEASE})*)?(\\+[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?$`,
  maxLength: 128,
  description: 'SemVer 2.0.0',
});

/** `engine.<part>[.<part>…]`, lower case. */
export const EngineId = Type.String({
  pattern: '^engine(\\.[a-z][a-z0-9_]{0,63}){1,6}$',
  description: 'Stable engine id, e.g. engine.supply_chain.sbom',
});

/** `<noun>.<verb>`, e.g. `sbom.generate`; an engine that does one thing may call it by the verb: `prune` (CONTRACT §5). */
export const OperationName = Type.String({
  pattern: '^[a-z][a-z0-9_]{0,63}(\\.[a-z][a-z0-9_]{0,63}){0,3}$',
  description: 'Operation discriminator, e.g. sbom.generate',
});

/** `<axis>[:<scope>]` (CONTRACT §7). Whether the id exists is the capability registry's to say. */
export const CapabilityId = Type.String({
  pattern: '^[a-z]+(\\.[a-z]+)?(:[^\\s\\u0000-\\u001f\\u007f]{1,200})?$',
  maxLength: BOUNDS.maxNameChars,
  description: 'Capability id: axis, optionally with a scope',
});

/** A short identifier chosen by a caller. No white space, no control characters. */
export const ShortId = Type.String({
  pattern: '^[^\\s\\u0000-\\u001f\\u007f]{1,256}$',
  description: 'Opaque identifier, 1 to 256 characters without white space',
});

export const Mime = Type.String({
  pattern:
    '^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}(; ?[a-z0-9-]+=[A-Za-z0-9._/-]{1,64}){0,3}$',
  description: 'RFC 6838 media type',
});

/** Name of an output or input within one operation. Never a path. */
export const ArtifactName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
  description: 'File-name-like label, 1 to 128 characters',
});

/** Error, gate and problem codes: upper case with `_` or `-`. */
export const Code = Type.String({ pattern: '^[A-Z][A-Z0-9]*([_-][A-Z0-9]+)*$', maxLength: 96 });

export const Message = Type.String({ maxLength: BOUNDS.maxMessageChars });

export const Determinism = Type.Union(
  [Type.Literal('D0'), Type.Literal('D1'), Type.Literal('D2'), Type.Literal('D3')],
  { description: 'CONTRACT §6' },
);

export const ErrorKindSchema = Type.Union([
  Type.Literal('validation'),
  Type.Literal('capability'),
  Type.Literal('integrity'),
  Type.Literal('budget'),
  Type.Literal('provenance'),
  Type.Literal('determinism'),
  Type.Literal('sandbox'),
  Type.Literal('tool'),
  Type.Literal('policy'),
  Type.Literal('canceled'),
  Type.Literal('internal'),
]);

/** Non-negative integer that a double holds exactly. */
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** Objects on the wire never carry unknown members: fail closed (CONTRACT §2). */
export const CLOSED = { additionalProperties: false } as const;

/** An object with members of any names. `Type.Record` would leave names with a line break unchecked. */
export function mapOf<S extends TSchema>(value: S) {
  return Type.Unsafe<Record<string, Static<S>>>(Type.Object({}, { additionalProperties: value }));
}
