import { createChecker } from '@mex/envelope';
import { Type } from '@sinclair/typebox';
import { PROTOCOL_LIMITS } from '../sandbox/protocol.ts';

const Integer = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Text = (maxLength: number) => Type.String({ maxLength });
const CLOSED = { additionalProperties: false } as const;

/** A call of an engine, parsed as hostile input. */
export const engineCall = createChecker(
  Type.Union([
    Type.Object({ session: Integer, id: Integer, call: Type.Literal('input.files'), input: Integer }, CLOSED),
    Type.Object({ session: Integer, id: Integer, call: Type.Literal('input.bytes'), input: Integer }, CLOSED),
    Type.Object(
      { session: Integer, id: Integer, call: Type.Literal('input.read'), input: Integer, path: Text(4_096) },
      CLOSED,
    ),
    Type.Object({ session: Integer, id: Integer, call: Type.Literal('output.write'), name: Text(128) }, CLOSED),
  ]),
);

const Problem = Type.Object(
  {
    code: Type.String({ pattern: '^[A-Z][A-Z0-9]*([_-][A-Z0-9]+)*$', maxLength: 96 }),
    severity: Type.Union([Type.Literal('error'), Type.Literal('warning'), Type.Literal('info'), Type.Literal('hint')]),
    title: Text(512),
    message: Text(4_096),
    locations: Type.Optional(
      Type.Array(
        Type.Object({ path: Text(4_096), line: Type.Optional(Integer), column: Type.Optional(Integer) }, CLOSED),
        { maxItems: 64 },
      ),
    ),
  },
  CLOSED,
);

/** The last word of an engine, parsed as hostile input. */
export const engineReply = createChecker(
  Type.Object(
    {
      ok: Type.Boolean(),
      summary: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      error: Type.Optional(
        Type.Object(
          { code: Text(100), message: Text(1_100), retryable: Type.Boolean(), from_broker: Type.Boolean() },
          CLOSED,
        ),
      ),
      log: Type.Array(Text(PROTOCOL_LIMITS.maxLogLineChars + 1), { maxItems: PROTOCOL_LIMITS.maxLogLines }),
      log_dropped: Integer,
      problems: Type.Array(Problem, { maxItems: PROTOCOL_LIMITS.maxProblems }),
      problems_dropped: Integer,
      influences: Type.Array(Type.Union([Type.Literal('clock'), Type.Literal('random'), Type.Literal('timers')]), {
        maxItems: 3,
      }),
    },
    CLOSED,
  ),
);
