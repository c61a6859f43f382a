import {
  Array,
  Boolean,
  Integer,
  Literal,
  Null,
  Number,
  Object,
  type ObjectOptions,
  Optional,
  type SchemaOptions,
  type Static,
  String,
  type TObject,
  type TProperties,
  type TSchema,
  type TUnsafe,
  Union,
  Unsafe,
} from '@sinclair/typebox';

/**
 * A closed object: members that are not named are refused (CONTRACT §2), and `params` may be nothing else. Every member
 * is required unless it stands in `Type.Optional`.
 */
function closedObject<P extends TProperties>(properties: P, options?: ObjectOptions): TObject<P> {
  return Object(properties, { additionalProperties: false, ...options });
}

/** An object with members of any names, all of one schema. */
function mapOf<V extends TSchema>(value: V, options?: SchemaOptions): TUnsafe<Record<string, Static<V>>> {
  return Unsafe<Record<string, Static<V>>>({ type: 'object', ...options, additionalProperties: value });
}

/**
 * Builders of the schema of `params`: those parts of TypeBox whose schemas an operation may have, and nothing else,
 * because an engine's bundle carries what stands here. A schema gives the type of `params` and is published as JSON Schema.
 */
export const Type = {
  Array,
  Boolean,
  Integer,
  Literal,
  Map: mapOf,
  Null,
  Number,
  Object: closedObject,
  Optional,
  String,
  Union,
  Unsafe,
} as const;
