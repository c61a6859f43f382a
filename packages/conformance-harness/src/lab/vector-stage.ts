import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { LoadedVector } from '@mex/engine-sdk/testing';
import type { Policy } from '@mex/host';
import { isTrustedProgram } from '@mex/runtime';
import type { StagedAnswer } from './http-stage.ts';

/** What the world outside is in one vector. */
export interface VectorStage {
  readonly answers: readonly StagedAnswer[];
  readonly secrets: Readonly<Record<string, string>>;
  /** By scope: an absolute directory. */
  readonly scopes: Policy['readScopes'];
  readonly tools: Policy['tools'];
}

/** Reads what `outside` of a vector names. `loadVectors` checked that it is there, and no link. */
export function stageOf({ dir, document }: LoadedVector): VectorStage {
  const { http = [], tools = {}, scopes = {}, secrets = {} } = document.outside ?? {};
  return {
    answers: http.map(({ url, method = 'GET', status, headers = {}, body = '', body_path }) => ({
      url,
      method,
      status,
      headers,
      body: body_path === undefined ? Buffer.from(body) : readFileSync(join(dir, body_path)),
    })),
    secrets,
    scopes: Object.fromEntries(Object.entries(scopes).map(([scope, path]) => [scope, join(dir, path)])),
    tools: Object.fromEntries(Object.entries(tools).map(([tool, { path }]) => [tool, toolOf(join(dir, path))])),
  };
}

/**
 * This Node; where it lies in a temporary directory, from which no program is taken, the one of the system. With neither,
 * the refusal says so.
 */
const NODE =
  [process.execPath, '/usr/local/bin/node', '/usr/bin/node'].find((path) => isTrustedProgram(path)) ?? process.execPath;

/**
 * A program that Node runs. It goes in as text: the folder of an engine package is no place that MEX takes programs
 * from, and need not be. `process.argv` is as if the file had been started.
 */
function toolOf(file: string): Policy['tools'][string] {
  const type = extname(file) === '.cjs' ? 'commonjs' : 'module';
  const source = readFileSync(file, 'utf8');
  return {
    path: NODE,
    args_prefix: [`--input-type=${type}`, '--no-warnings', '--eval', source, '--', file],
    options: 'any',
  };
}
