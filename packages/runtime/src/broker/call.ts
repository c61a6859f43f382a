import { createChecker } from '@mex/envelope';
import { type TProperties, Type } from '@sinclair/typebox';
import { CALL_LIMITS, PROTOCOL_LIMITS } from '../sandbox/protocol.ts';

const Integer = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Text = (maxLength: number) => Type.String({ maxLength });
const CLOSED = { additionalProperties: false } as const;

const Name = Text(CALL_LIMITS.maxNameChars);
const Path = Text(CALL_LIMITS.maxPathChars);

/** One kind of call: its own members, and nothing else. */
function call<Name extends string, Members extends TProperties>(name: Name, members: Members) {
  return Type.Object({ session: Integer, id: Integer, call: Type.Literal(name), ...members }, CLOSED);
}

/** A call of an engine, parsed as hostile input. Its members are `EngineCall` of the protocol. */
export const engineCall = createChecker(
  Type.Union([
    call('input.files', { input: Integer }),
    call('input.bytes', { input: Integer }),
    call('input.read', { input: Integer, path: Path }),
    call('output.write', { name: Name }),
    call('scope.list', { scope: Name, path: Path }),
    call('scope.read', { scope: Name, path: Path }),
    call('secret.value', { secret: Name }),
    call('device.use', { capability: Name }),
    call('http.fetch', {
      url: Text(CALL_LIMITS.maxUrlChars),
      method: Text(16),
      headers: Type.Array(Type.Tuple([Text(CALL_LIMITS.maxHeaderNameChars), Text(CALL_LIMITS.maxHeaderValueChars)]), {
        maxItems: CALL_LIMITS.maxHeaders,
      }),
      redirect: Type.Union([Type.Literal('follow'), Type.Literal('refuse')]),
      has_body: Type.Boolean(),
      timeout_ms: Type.Optional(Integer),
      max_bytes: Type.Optional(Integer),
    }),
    call('tool.exec', {
      tool: Name,
      args: Type.Array(Text(CALL_LIMITS.maxArgumentChars), { maxItems: CALL_LIMITS.maxArguments }),
      has_stdin: Type.Boolean(),
      inputs: Type.Array(Type.Object({ input: Integer, as: Text(255) }, CLOSED), {
        maxItems: CALL_LIMITS.maxToolInputs,
      }),
      outputs: Type.Array(Text(CALL_LIMITS.maxToolPathChars), { maxItems: CALL_LIMITS.maxToolOutputs }),
      withhold: Type.Boolean(),
      timeout_ms: Type.Optional(Integer),
    }),
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

/** Problems of an engine's reply, where they were kept. */
export const reportedProblems = createChecker(Type.Array(Problem, { maxItems: PROTOCOL_LIMITS.maxProblems }));

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
