export {
  type CanonicalBounds,
  canonicalBytes,
  canonicalJson,
  checkInlineSize,
  type InlineSize,
} from './canonical.ts';
export { parseStrictJson } from './parse.ts';
export type { CanonicalJsonCode, JsonDoorCode } from './refusal.ts';
export { utf8Length } from './utf8.ts';
export type { JsonBounds, JsonObject, JsonValue } from './value.ts';
