import { coversCapability, findCapability, type OutputDeclaration, splitCapability } from '@mex/envelope';
import type { ExecOptions, ExecResult, HttpRequest, HttpResponse, InputFile, ScopeEntry } from '../context.ts';
import type { Operation } from '../define-engine.ts';
import { refuse } from './call-error.ts';
import { type Fetching, fetchFake } from './test-http.ts';
import { bytesOf, type ReadyInput, sha256 } from './test-input.ts';
import { scopeFiles, type TestOutside, toExecResult } from './test-outside.ts';

/** An output as the operation wrote it. */
export interface WrittenOutput {
  readonly declaration: OutputDeclaration;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/**
 * Answers the calls of one operation as the host's broker does, from fakes. It gives the same codes for what was not
 * granted, declared or named; budgets, policy of hosts and programs, and isolation are the real host's alone.
 */
export class TestBroker {
  readonly used = new Set<string>();
  readonly outputs = new Map<string, WrittenOutput>();
  /** Values of secrets that left MEX. */
  readonly handed = new Map<string, string>();
  /** Answers not given yet. An operation that does not wait for its calls still gets them done. */
  readonly pending = new Set<Promise<unknown>>();
  private over = false;
  private readonly operation: Operation;
  private readonly granted: readonly string[];
  private readonly inputs: readonly ReadyInput[];
  private readonly outside: TestOutside;

  constructor(operation: Operation, granted: readonly string[], inputs: readonly ReadyInput[], outside: TestOutside) {
    this.operation = operation;
    this.granted = granted;
    this.inputs = inputs;
    this.outside = outside;
  }

  /** Every call passes here: an answer comes later, as from a host, and never after the end. */
  serve<T>(perform: () => T | Promise<T>): Promise<T> {
    const answer = (async () => {
      if (this.over) throw refuse('CALL_AFTER_END', 'The operation is over.');
      await Promise.resolve();
      return perform();
    })();
    const settled = answer.then(
      () => undefined,
      () => undefined,
    );
    this.pending.add(settled);
    void settled.then(() => this.pending.delete(settled));
    return answer;
  }

  end(): void {
    this.over = true;
  }

  files(index: number): InputFile[] {
    this.require('fs.read:inputs', 'input.files');
    const { files = new Map<string, Uint8Array>() } = this.input(index);
    return [...files].map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) }));
  }

  bytes(index: number): Uint8Array {
    this.require('fs.read:inputs', 'input.bytes');
    return bytesOf(this.input(index).bytes);
  }

  readInput(index: number, path: string): Uint8Array {
    this.require('fs.read:inputs', 'input.read');
    const found = this.input(index).files?.get(path);
    if (found === undefined) throw refuse('ARTIFACT_NOT_FOUND', `The input has no file "${path.slice(0, 200)}".`);
    return bytesOf(found);
  }

  write(name: string, data: unknown): string {
    this.require('fs.write:artifacts', 'output.write');
    const declaration = this.operation.outputs.find((output) => output.name === name);
    if (declaration === undefined) {
      throw refuse('OUTPUT_UNDECLARED', `This operation declares no output "${name.slice(0, 80)}".`);
    }
    if (this.outputs.has(name)) throw refuse('OUTPUT_REPEATED', `The output "${name}" was written already.`);
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
      throw refuse('OUTPUT_NOT_BYTES', 'Data is a string or a Uint8Array.');
    }
    const bytes = bytesOf(data);
    this.outputs.set(name, { declaration, bytes, sha256: sha256(bytes) });
    return sha256(bytes);
  }

  list(scope: string, path: string): ScopeEntry[] {
    const files = this.scope(scope, 'scope.list');
    if (path !== '') verifyScopePath(path);
    if (files.has(path)) throw refuse('SCOPE_NOT_A_FILE', 'A part of the path is a link, or no directory.');
    const below = path === '' ? '' : `${path}/`;
    const entries = new Map<string, ScopeEntry>();
    for (const file of files.keys()) {
      if (!file.startsWith(below)) continue;
      const [name = '', ...rest] = file.slice(below.length).split('/');
      entries.set(name, { name, kind: rest.length === 0 ? 'file' : 'directory' });
    }
    if (entries.size === 0 && path !== '') throw scopeNotFound();
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  read(scope: string, path: string): Uint8Array {
    const files = this.scope(scope, 'scope.read');
    verifyScopePath(path);
    const found = files.get(path);
    if (found !== undefined) return bytesOf(found);
    const isDirectory = [...files.keys()].some((file) => file.startsWith(`${path}/`));
    throw isDirectory ? refuse('SCOPE_NOT_A_FILE', 'This is no regular file.') : scopeNotFound();
  }

  fetch(request: HttpRequest): Promise<HttpResponse> {
    const fetching: Fetching = {
      granted: this.granted,
      outside: this.outside,
      use: (capability) => this.require(capability, 'http.fetch'),
      secret: (id) => this.handOut(id, 'http.fetch'),
    };
    return fetchFake(request, fetching);
  }

  async exec(tool: string, args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    this.require(`proc.exec:${tool}`, 'tool.exec');
    const { tools = {} } = this.outside;
    const run = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
    if (run === undefined) throw refuse('TOOL_NOT_ALLOWED', `The policy names no program "${tool}".`);
    const { stdin = '', inputs = [], outputs = [] } = options;
    const files = inputs.map(({ input, as }) => {
      this.require('fs.read:inputs', 'tool.exec');
      const ready = this.input(input);
      return [as, ready.files ?? ready.bytes] as const;
    });
    const call = { args: [...args], stdin: bytesOf(stdin), inputs: new Map(files), outputs: [...outputs] };
    return toExecResult(await run(call), outputs);
  }

  secret(id: string): string {
    const isReadable = this.operation.readableSecrets?.includes(id) === true;
    if (isReadable) return this.handOut(id, 'secret.value');
    this.require(`secrets.use:${id}`, 'secret.value');
    throw refuse('SECRET_NOT_READABLE', `The value of "${id}" may be used in requests, not read.`);
  }

  device(capability: string): never {
    const { axis } = splitCapability(capability);
    if (axis === 'gpu.compute' || axis.startsWith('device.')) this.require(capability, 'device.use');
    throw refuse('DEVICE_UNAVAILABLE', `No broker for ${axis} exists in this runtime.`);
  }

  private handOut(id: string, call: string): string {
    this.require(`secrets.use:${id}`, call);
    const { secrets = {} } = this.outside;
    const value = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
    if (value === undefined || value === '') throw refuse('SECRET_UNKNOWN', `There is no secret "${id}".`);
    this.handed.set(id, value);
    return value;
  }

  private scope(scope: string, call: string): ReadonlyMap<string, Uint8Array> {
    this.require(`fs.read:${scope}`, call);
    const files = scope === 'inputs' ? undefined : scopeFiles(this.outside, scope);
    if (files === undefined) throw refuse('SCOPE_UNKNOWN', `The operator named no directory "${scope}".`);
    return files;
  }

  private input(index: number): ReadyInput {
    const found = this.inputs[index];
    if (found === undefined) throw refuse('INPUT_UNRESOLVABLE', `There is no input ${index}.`);
    return found;
  }

  private require(capability: string, call: string): void {
    const isKnown = findCapability(capability) !== undefined;
    if (isKnown && this.granted.some((granted) => coversCapability(granted, capability))) {
      this.used.add(capability);
      return;
    }
    throw refuse(
      'CAPABILITY_USED_WITHOUT_GRANT',
      `${call} needs "${capability}", which this operation was not granted.`,
    );
  }
}

function verifyScopePath(path: string): void {
  const isInside = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (isInside && !path.includes('\\') && !path.includes('\0')) return;
  throw refuse('POLICY_PATH_ESCAPE', 'A path in a scope is relative, with "/" between its parts, and stays inside.');
}

function scopeNotFound(): Error {
  return refuse('SCOPE_NOT_FOUND', 'There is no such file or directory in the scope.');
}
