/*
 * The context object an engine's operation gets: the whole world, for it. It runs in the engine's own realm, so what
 * an engine hands in may do anything while it is read; what is sent is made of copies alone.
 */
import { callError } from './call-error.ts';
import { cut } from './engine-report.ts';
import type { CallBody, HttpFetchValue, JobRequest, ToolExecValue } from './protocol.ts';
import { CALL_LIMITS } from './protocol.ts';

/** What a call was answered with. */
export interface Answer {
  readonly value: unknown;
  readonly bytes: Uint8Array | undefined;
}

/** What the context of one operation is made of. */
export interface CallContext {
  readonly request: JobRequest;
  readonly call: (body: CallBody, bytes?: Uint8Array) => Promise<Answer>;
  /** Bytes that may still be on their way to the host. */
  readonly room: () => number;
  readonly log: (message: unknown) => void;
  readonly problem: (problem: unknown) => void;
}

const typedArrayLength = Reflect.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  'byteLength',
)?.get;

export function createContext({ request, call, room, log, problem }: CallContext): object {
  return Object.freeze({
    opId: request.op_id,
    operation: request.operation,
    determinism: request.determinism,
    implementation: Object.freeze({ ...request.implementation }),
    inputs: Object.freeze(request.inputs.map((input, index) => createInput(call, input, index))),
    now: () => new Date().toISOString(),
    write: async (name: unknown, data: unknown) => {
      const bytes = copyBytes(data, room());
      const answer = await call({ call: 'output.write', name: cut(String(name), CALL_LIMITS.maxNameChars - 1) }, bytes);
      return answer.value;
    },
    fetch: (options: unknown) => fetchUrl(call, room, options),
    exec: (tool: unknown, args: unknown, options: unknown) => execTool(call, room, tool, args, options),
    list: async (scope: unknown, path: unknown = '') =>
      (await call({ call: 'scope.list', ...place(scope, path) })).value,
    read: async (scope: unknown, path: unknown) => bytesOf(await call({ call: 'scope.read', ...place(scope, path) })),
    secret: async (id: unknown) => (await call({ call: 'secret.value', secret: name(id) })).value,
    device: async (capability: unknown) => {
      await call({ call: 'device.use', capability: name(capability) });
    },
    log,
    problem,
  });
}

type Call = CallContext['call'];

/** A frame without bytes and one with none are the same on a pipe. */
function bytesOf({ bytes }: Answer): Uint8Array {
  return bytes ?? new Uint8Array();
}

function createInput(call: Call, input: JobRequest['inputs'][number], index: number): object {
  return Object.freeze({
    name: input.name,
    sha256: input.sha256,
    size: input.size,
    mime: input.mime,
    kind: input.kind,
    files: async () => (await call({ call: 'input.files', input: index })).value,
    bytes: async () => bytesOf(await call({ call: 'input.bytes', input: index })),
    read: async (path: unknown) =>
      bytesOf(await call({ call: 'input.read', input: index, path: cut(String(path), CALL_LIMITS.maxPathChars - 1) })),
  });
}

async function fetchUrl(call: Call, room: () => number, request: unknown): Promise<object> {
  const { url, method = 'GET', headers, body, redirect, timeoutMs, maxBytes } = fields(request);
  const bytes = body === undefined ? undefined : copyBytes(body, room());
  const answer = await call(
    {
      call: 'http.fetch',
      url: exact(url, CALL_LIMITS.maxUrlChars, 'url'),
      method: exact(method, 16, 'method'),
      headers: headerPairs(headers),
      redirect: redirect === 'refuse' ? 'refuse' : 'follow',
      has_body: bytes !== undefined,
      ...(timeoutMs === undefined ? {} : { timeout_ms: count(timeoutMs, 'timeoutMs') }),
      ...(maxBytes === undefined ? {} : { max_bytes: count(maxBytes, 'maxBytes') }),
    },
    bytes,
  );
  // The host wrote it.
  const value = answer.value as HttpFetchValue;
  return { ...value, body: bytesOf(answer) };
}

async function execTool(
  call: Call,
  room: () => number,
  tool: unknown,
  args: unknown,
  options: unknown = {},
): Promise<object> {
  const { stdin, inputs, outputs, withhold, timeoutMs } = fields(options);
  const bytes = stdin === undefined ? undefined : copyBytes(stdin, room());
  const answer = await call(
    {
      call: 'tool.exec',
      tool: name(tool),
      args: items(args ?? [], CALL_LIMITS.maxArguments, 'args').map((argument) =>
        exact(argument, CALL_LIMITS.maxArgumentChars, 'an argument'),
      ),
      has_stdin: bytes !== undefined,
      inputs: items(inputs ?? [], CALL_LIMITS.maxToolInputs, 'inputs').map((entry) => {
        const { input, as } = fields(entry);
        return { input: count(input, 'input'), as: exact(as, 255, 'as') };
      }),
      outputs: items(outputs ?? [], CALL_LIMITS.maxToolOutputs, 'outputs').map((file) =>
        exact(file, CALL_LIMITS.maxToolPathChars, 'an output'),
      ),
      withhold: withhold === true,
      ...(timeoutMs === undefined ? {} : { timeout_ms: count(timeoutMs, 'timeoutMs') }),
    },
    bytes,
  );
  return toolResult(answer.value as ToolExecValue, bytesOf(answer));
}

function toolResult(value: ToolExecValue, bytes: Uint8Array): object {
  let at = 0;
  const take = (size: number): Uint8Array => {
    at += size;
    return bytes.slice(at - size, at);
  };
  return {
    exitCode: value.exit_code,
    stdout: take(value.stdout_bytes),
    stderr: take(value.stderr_bytes),
    files: value.files.map((file) => ('size' in file ? { name: file.name, bytes: take(file.size) } : { ...file })),
  };
}

function place(scope: unknown, path: unknown): { scope: string; path: string } {
  return { scope: name(scope), path: exact(path, CALL_LIMITS.maxPathChars, 'path') };
}

function name(value: unknown): string {
  return exact(value, CALL_LIMITS.maxNameChars, 'name');
}

/** Unlike a name that is only looked up, these are used: what does not fit is refused and never cut. */
function exact(value: unknown, maxChars: number, what: string): string {
  const text = String(value);
  if (text.length > maxChars) throw callError('CALL_INVALID', `${what} has more than ${maxChars} characters.`);
  return text;
}

function count(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw callError('CALL_INVALID', `${what} is not a whole number from 0 on.`);
}

function fields(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw callError('CALL_INVALID', 'An object was expected.');
}

function items(value: unknown, max: number, what: string): unknown[] {
  if (!Array.isArray(value)) throw callError('CALL_INVALID', `${what} is not an array.`);
  if (value.length > max) throw callError('CALL_INVALID', `${what} has more than ${max} entries.`);
  return Array.from({ length: value.length }, (_, index): unknown => value[index]);
}

/** An object of strings, or pairs. */
function headerPairs(headers: unknown): [string, string][] {
  if (headers === undefined) return [];
  const pairs = Array.isArray(headers)
    ? items(headers, CALL_LIMITS.maxHeaders, 'headers')
    : Object.entries(fields(headers));
  if (pairs.length > CALL_LIMITS.maxHeaders)
    throw callError('CALL_INVALID', `headers has more than ${CALL_LIMITS.maxHeaders} entries.`);
  return pairs.map((pair) => {
    const [key, value] = items(pair, 2, 'a header');
    return [
      exact(key, CALL_LIMITS.maxHeaderNameChars, 'a header name'),
      exact(value, CALL_LIMITS.maxHeaderValueChars, 'a header value'),
    ];
  });
}

/** A private copy, so that the engine cannot change bytes after they were sent. Refuses anything but text and Uint8Array. */
function copyBytes(data: unknown, room: number): Uint8Array {
  if (typeof data === 'string') {
    const encoded = new TextEncoder().encode(data);
    checkRoom(encoded.byteLength, room);
    return encoded;
  }
  if (typedArrayLength === undefined || !(data instanceof Uint8Array)) {
    throw callError('OUTPUT_NOT_BYTES', 'Data is a string or a Uint8Array.');
  }
  const size = Number(Reflect.apply(typedArrayLength, data, []));
  checkRoom(size, room);
  const copy = new Uint8Array(size);
  copy.set(data);
  return copy;
}

function checkRoom(size: number, room: number): void {
  if (size > room)
    throw callError('CALL_LIMIT', 'More bytes on their way than the memory budget allows: wait for each one.');
}
