import { type Static, Type } from '@sinclair/typebox';
import { ArtifactKind } from './artifact.ts';
import {
  ArtifactName,
  CapabilityId,
  CLOSED,
  Code,
  Determinism,
  Message,
  Mime,
  mapOf,
  OperationName,
  Sha256,
  ShortId,
} from './primitives.ts';

/** A file or directory below the vector's folder. No part begins with a dot, so none leads out of it. */
const VectorPath = Type.String({
  pattern: '^[A-Za-z0-9_@][A-Za-z0-9._@+-]*(/[A-Za-z0-9_@][A-Za-z0-9._@+-]*)*$',
  maxLength: 1_024,
  description: '/-separated path below the folder of the vector; no part begins with a dot',
});

const Text = Type.String({ maxLength: 65_536 });

/** An input of the operation: a directory becomes a bundle, a file a blob. */
const VectorInput = Type.Object(
  {
    path: VectorPath,
    name: Type.Optional(ArtifactName),
    mime: Type.Optional(Mime),
    kind: Type.Optional(ArtifactKind),
  },
  CLOSED,
);

/** What a server says to one method of one URL, however often it is asked. */
const VectorHttp = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 8_192 }),
    /** Default `GET`. */
    method: Type.Optional(
      Type.Union([
        Type.Literal('GET'),
        Type.Literal('HEAD'),
        Type.Literal('POST'),
        Type.Literal('PUT'),
        Type.Literal('PATCH'),
        Type.Literal('DELETE'),
        Type.Literal('OPTIONS'),
      ]),
    ),
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    headers: Type.Optional(mapOf(Text)),
    /** At most one of the two; without either the body is empty. */
    body: Type.Optional(Text),
    body_path: Type.Optional(VectorPath),
  },
  CLOSED,
);

/** What the world outside answers in a vector. What is not named does not exist. */
const VectorOutside = Type.Object(
  {
    http: Type.Optional(Type.Array(VectorHttp, { maxItems: 256 })),
    /** By tool id: a program that Node runs. */
    tools: Type.Optional(mapOf(Type.Object({ path: VectorPath }, CLOSED))),
    /** By scope of `fs.read:<scope>`: a directory. */
    scopes: Type.Optional(mapOf(VectorPath)),
    /** By id: the value. */
    secrets: Type.Optional(mapOf(Type.String({ minLength: 1, maxLength: 8_192 }))),
  },
  CLOSED,
);

/** What one output must be. */
export const ExpectedOutput = Type.Union([
  /** The bytes of a file of the vector. */
  Type.Object({ path: VectorPath }, CLOSED),
  Type.Object({ sha256: Sha256 }, CLOSED),
  /** A text that is somewhere in it. */
  Type.Object({ contains: Type.String({ minLength: 1, maxLength: 65_536 }) }, CLOSED),
  /** A JSON document with the same canonical form (RFC 8785). */
  Type.Object({ json: Type.Union([mapOf(Type.Unknown()), Type.Array(Type.Unknown())]) }, CLOSED),
]);
export type ExpectedOutput = Static<typeof ExpectedOutput>;

const GoldenExpectation = Type.Object(
  {
    status: Type.Literal('succeeded'),
    /** By name of the output. Outputs that are not named are not looked at. */
    outputs: Type.Optional(mapOf(ExpectedOutput)),
    /** These members of the summary, exactly; others are not looked at. */
    summary: Type.Optional(mapOf(Type.Unknown())),
    /** Codes of all Problems, as a set. Without it they are not looked at. */
    problems: Type.Optional(Type.Array(Code, { maxItems: 256, uniqueItems: true })),
  },
  CLOSED,
);

const RejectExpectation = Type.Object(
  { status: Type.Union([Type.Literal('failed'), Type.Literal('denied')]), code: Code },
  CLOSED,
);

/**
 * One run of one operation and how it must end, `conformance/<name>/vector.json` of an engine package (CONTRACT §15):
 * golden when it must succeed, reject when it must not.
 */
export const ConformanceVector = Type.Object(
  {
    schema_version: Type.Literal('mex.vector@1.0'),
    title: Message,
    operation: OperationName,
    params: mapOf(Type.Unknown()),
    inputs: Type.Array(VectorInput, { maxItems: 64 }),
    /** Id of the implementation that policy names, which does the operation (CONTRACT §13). Default: the engine's own. */
    implementation: Type.Optional(ShortId),
    /** Default: the most that operation and implementation promise. */
    determinism: Type.Optional(Determinism),
    /** Default: all that the operation declares, and what its implementation needs. */
    capabilities: Type.Optional(Type.Array(CapabilityId, { maxItems: 64, uniqueItems: true })),
    outside: Type.Optional(VectorOutside),
    expect: Type.Union([GoldenExpectation, RejectExpectation]),
  },
  { ...CLOSED, $id: 'mex:conformance-vector' },
);
export type ConformanceVector = Static<typeof ConformanceVector>;
