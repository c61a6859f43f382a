import type { ExecResult } from '../context.ts';
import { bytesOf, filesOf, readFiles, type TestFiles } from './test-input.ts';

/** A request as the fake network sees it: redirects are the fake's to answer, secrets are filled in. */
export interface TestRequest {
  readonly url: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/** What the fake network answers. */
export interface TestAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** One URL of the fake network. */
export interface TestPage extends TestAnswer {
  readonly url: string;
  /** Default `GET`. */
  readonly method?: string;
}

/** A call of a fake program. */
export interface TestToolCall {
  readonly args: readonly string[];
  readonly stdin: Uint8Array;
  /** By `as`: a blob, or the files of a bundle. */
  readonly inputs: ReadonlyMap<string, Uint8Array | ReadonlyMap<string, Uint8Array>>;
  /** Names of the files that the engine wants read back. */
  readonly outputs: readonly string[];
}

/** What a fake program leaves behind. */
export interface TestToolResult {
  /** Default 0. */
  readonly exitCode?: number;
  readonly stdout?: string | Uint8Array;
  readonly stderr?: string | Uint8Array;
  /** Of those that were asked for; what is not here is `missing`. */
  readonly files?: TestFiles;
}

export type TestTool = (call: TestToolCall) => TestToolResult | Promise<TestToolResult>;

/** What the world outside answers. What is not named does not exist, as it would not for a host that has not heard of it. */
export interface TestOutside {
  /** Pages, or a function; where neither has an answer the request fails with `NETWORK_FAILED`. */
  readonly http?:
    | readonly TestPage[]
    | ((request: TestRequest) => TestAnswer | undefined | Promise<TestAnswer | undefined>);
  /** By id. */
  readonly tools?: Readonly<Record<string, TestTool>>;
  /** By scope of `fs.read:<scope>`: made-up files, or the path of a directory. */
  readonly scopes?: Readonly<Record<string, TestFiles | string>>;
  /** By id: the value. The operation may read those that it declares as `readableSecrets`, as if policy allowed it. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** The answer of the fake network, if it has one. */
export async function answerRequest(outside: TestOutside, request: TestRequest): Promise<TestAnswer | undefined> {
  const { http = [] } = outside;
  if (typeof http === 'function') return http(request);
  const { href } = new URL(request.url);
  return http.find(({ url, method = 'GET' }) => new URL(url).href === href && method === request.method);
}

/** Files of a scope; `undefined` where there is no such scope. */
export function scopeFiles(outside: TestOutside, scope: string): ReadonlyMap<string, Uint8Array> | undefined {
  const { scopes = {} } = outside;
  const found = Object.hasOwn(scopes, scope) ? scopes[scope] : undefined;
  if (found === undefined) return undefined;
  return typeof found === 'string' ? readFiles(found) : filesOf(found);
}

/** What the engine gets of a fake program's run. */
export function toExecResult(result: TestToolResult, wanted: readonly string[]): ExecResult {
  const { exitCode = 0, stdout = '', stderr = '', files = {} } = result;
  return {
    exitCode,
    stdout: bytesOf(stdout),
    stderr: bytesOf(stderr),
    files: wanted.map((name) => {
      const content = Object.hasOwn(files, name) ? files[name] : undefined;
      return content === undefined ? { name, refused: 'missing' } : { name, bytes: bytesOf(content) };
    }),
  };
}
