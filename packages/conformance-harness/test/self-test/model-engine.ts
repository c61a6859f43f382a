import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digestVectorFiles, scanVectorFolder } from '@mex/engine-sdk/testing';
import { sha256Hex } from '@mex/envelope/digest';

/*
 * Engines that pass every case, as plain text: no build, so that the self-test is cheap. What a deviation changes is a
 * piece of this text, a member of the manifest, or a file of the package.
 */

const MIB = 1024 * 1024;

const PLAIN = `(function () {
const fail = (code, message) => Object.assign(new Error(message), { code });
const decode = (bytes) => {
  try { return new TextDecoder('utf-8', { fatal: true }).decode(bytes); }
  catch { throw fail('MODEL_BINARY', 'A file is no text.'); }
};
async function count(context, params) {
  const [tree] = context.inputs;
  const files = await tree.files();
  if (files.length === 0) throw fail('MODEL_EMPTY', 'There are no files.');
  const found = [];
  for (const { path } of files) {
    const bytes = await tree.read(path);
    found.push({ path, count: decode(bytes).split(params.word).length - 1 });
  }
  const report = JSON.stringify({ word: params.word, found });
  await context.write('report.json', report);
  context.log('counted');
  return { count: found.reduce((sum, one) => sum + one.count, 0) };
}
async function echo(context, params) {
  let rounds = 0;
  for (let at = 0; at < params.rounds * 1000; at += 1) rounds = (rounds * 31 + at) % 1000003;
  return { text: params.text, rounds };
}
__mex_register__({ operations: { 'model.count': { run: count }, 'model.echo': { run: echo } } });
})();
`;

const LIVE = `(function () {
const fail = (code, message) => Object.assign(new Error(message), { code });
async function ask(context, params) {
  if (params.what === 'nothing') throw fail('MODEL_NOTHING', 'There is nothing to ask.');
  const token = await context.secret('token');
  const answer = await context.fetch({
    url: 'https://api.model.example/' + params.what,
    headers: { authorization: 'Bearer {{secret:token}}' },
  });
  if (answer.status !== 200) throw fail('MODEL_ANSWER', 'The server has no answer.');
  const body = new TextDecoder().decode(answer.body);
  let value;
  try { value = JSON.parse(body); } catch { throw fail('MODEL_ANSWER', 'The answer is no JSON.'); }
  const evidence = body;
  await context.write('raw.json', evidence);
  await context.write('answer.txt', String(value?.n));
  return { length: token.length > 0 ? 1 : 0 };
}
__mex_register__({ operations: { 'model.ask': { run: ask } } });
})();
`;

const TOOL = `(function () {
const fail = (code, message) => Object.assign(new Error(message), { code });
async function shout(context, params) {
  if (params.text === 'no') throw fail('MODEL_NOTHING', 'There is nothing to shout.');
  const { exitCode, stdout } = await context.exec('shout', [params.text]);
  if (exitCode !== 0) throw fail('MODEL_TOOL', 'The tool failed.');
  await context.write('raw.txt', stdout);
  return {};
}
__mex_register__({ operations: { 'model.shout': { run: shout } } });
})();
`;

/** Does it itself, or has it done by a program where policy says so. */
const WRAPPED = `(function () {
const fail = (code, message) => Object.assign(new Error(message), { code });
async function shout(context, params) {
  if (params.text === 'no') throw fail('MODEL_NOTHING', 'There is nothing to shout.');
  if (context.implementation.kind === 'builtin') {
    await context.write('said.txt', params.text.toUpperCase());
    return {};
  }
  const { exitCode, stdout } = await context.exec('shout', [params.text]);
  if (exitCode !== 0) throw fail('MODEL_TOOL', 'The tool failed.');
  await context.write('said.txt', stdout);
  await context.write('raw.txt', stdout);
  return {};
}
__mex_register__({ operations: { 'model.shout': { run: shout } } });
})();
`;

export type ModelKind = 'plain' | 'busy' | 'live' | 'tool' | 'wrapped';
type Json = Record<string, unknown>;

/** A package in memory: what is written is what is certified. */
export interface ModelPackage {
  code: string;
  manifest: Json & { operations: Record<string, Json> };
  /** `/`-separated path below the package → content. */
  readonly files: Map<string, string>;
}

function operation(more: Json): Json {
  return {
    title: 'Model',
    description: 'Model',
    inputs: { min: 0, max: 0 },
    outputs: [],
    capabilities: [],
    determinism_ceiling: 'D3',
    error_codes: [],
    ...more,
  };
}

function schema(properties: Json): Json {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

const SHORT = { type: 'string', minLength: 1, maxLength: 20 };

const OPERATIONS: Readonly<Record<ModelKind, Record<string, Json>>> = {
  get plain() {
    return {
      'model.count': operation({
        params_schema: schema({ word: SHORT }),
        inputs: { min: 1, max: 1 },
        outputs: [{ name: 'report.json', kind: 'report', mime: 'application/json' }],
        capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
        error_codes: ['MODEL_EMPTY', 'MODEL_BINARY'],
      }),
      'model.echo': operation({
        params_schema: schema({ text: SHORT, rounds: { type: 'integer', minimum: 0, maximum: 20_000 } }),
      }),
    };
  },
  get busy() {
    return OPERATIONS.plain;
  },
  get live() {
    return {
      'model.ask': operation({
        params_schema: schema({ what: SHORT }),
        outputs: [
          { name: 'answer.txt', kind: 'file', mime: 'text/plain' },
          { name: 'raw.json', kind: 'tool_output', mime: 'text/plain', evidence: true },
        ],
        capabilities: ['fs.write:artifacts', 'net.http:api.model.example', 'secrets.use:token'],
        determinism_ceiling: 'D1',
        error_codes: ['MODEL_NOTHING', 'MODEL_ANSWER'],
        readable_secrets: ['token'],
      }),
    };
  },
  get wrapped() {
    return {
      'model.shout': operation({
        params_schema: schema({ text: SHORT }),
        outputs: [
          { name: 'said.txt', kind: 'file', mime: 'text/plain' },
          { name: 'raw.txt', kind: 'tool_output', mime: 'text/plain', evidence: true, optional: true },
        ],
        capabilities: ['fs.write:artifacts'],
        error_codes: ['MODEL_NOTHING', 'MODEL_TOOL'],
      }),
    };
  },
  get tool() {
    return {
      'model.shout': operation({
        params_schema: schema({ text: SHORT }),
        outputs: [{ name: 'raw.txt', kind: 'tool_output', mime: 'text/plain', evidence: true }],
        capabilities: ['fs.write:artifacts', 'proc.exec:shout'],
        determinism_ceiling: 'D1',
        error_codes: ['MODEL_NOTHING', 'MODEL_TOOL'],
      }),
    };
  },
};

function vector(name: string, body: Json): [string, string] {
  const document = { schema_version: 'mex.vector@1.0', title: name, inputs: [], ...body };
  return [`conformance/${name}/vector.json`, JSON.stringify(document)];
}

function plainFiles(rounds: number): [string, string][] {
  const tree = [{ path: 'tree', name: 'tree' }];
  const count = { operation: 'model.count', params: { word: 'x' } };
  const outputs = { 'report.json': { contains: '"word":"x"' } };
  return [
    vector('count', { ...count, inputs: tree, expect: { status: 'succeeded', summary: { count: 3 }, outputs } }),
    ['conformance/count/tree/a.txt', 'x'],
    ['conformance/count/tree/b.txt', 'xx'],
    vector('count-empty', {
      ...count,
      inputs: tree,
      params: { word: '' },
      expect: { status: 'denied', code: 'PARAMS_INVALID' },
    }),
    ['conformance/count-empty/tree/a.txt', 'x'],
    vector('echo', {
      operation: 'model.echo',
      params: { text: 'x', rounds },
      expect: { status: 'succeeded', summary: { text: 'x' } },
    }),
    vector('echo-long', {
      operation: 'model.echo',
      params: { text: 'x'.repeat(21), rounds: 0 },
      expect: { status: 'denied', code: 'PARAMS_INVALID' },
    }),
  ];
}

function shoutFiles(kind: 'tool' | 'wrapped'): [string, string][] {
  const shout = { operation: 'model.shout', params: { text: 'x' } };
  return [
    vector('shout', {
      ...shout,
      ...(kind === 'tool' ? {} : { implementation: 'shout' }),
      outside: { tools: { shout: { path: 'shout.mjs' } } },
      expect: { status: 'succeeded', outputs: { 'raw.txt': { contains: 'X' } } },
    }),
    ['conformance/shout/shout.mjs', 'process.stdout.write(process.argv[2].toUpperCase());'],
    ...(kind === 'tool' ? [] : [vector('itself', { ...shout, expect: { status: 'succeeded' } })]),
    vector('nothing', { ...shout, params: { text: 'no' }, expect: { status: 'failed', code: 'MODEL_NOTHING' } }),
  ];
}

function filesOf(kind: ModelKind): [string, string][] {
  if (kind === 'plain') return plainFiles(0);
  if (kind === 'busy') return plainFiles(20_000);
  if (kind === 'tool' || kind === 'wrapped') return shoutFiles(kind);
  const http = [{ url: 'https://api.model.example/x', status: 200, body: '{"n":1}' }];
  return [
    vector('ask', {
      operation: 'model.ask',
      params: { what: 'x' },
      outside: { http, secrets: { token: 'the-token-of-the-vector' } },
      expect: { status: 'succeeded', outputs: { 'answer.txt': { contains: '1' } } },
    }),
    vector('nothing', {
      operation: 'model.ask',
      params: { what: 'nothing' },
      expect: { status: 'failed', code: 'MODEL_NOTHING' },
    }),
  ];
}

const CODE: Readonly<Record<ModelKind, string>> = {
  plain: PLAIN,
  busy: PLAIN,
  live: LIVE,
  tool: TOOL,
  wrapped: WRAPPED,
};

/** An engine that passes every case that applies to it. */
export function modelPackage(kind: ModelKind): ModelPackage {
  const budget = {
    wall_time_ms: 20_000,
    cpu_time_ms: 20_000,
    memory_bytes: 96 * MIB,
    output_bytes: MIB,
    net_requests: 20,
    net_bytes: MIB,
    exec_count: 10,
    file_writes: 20,
  };
  const ceilings = { ...budget, wall_time_ms: 60_000, cpu_time_ms: 60_000 };
  return {
    code: CODE[kind],
    manifest: {
      schema_version: 'mex.engine@1.0',
      engine_id: `engine.model.${kind}`,
      engine_version: '1.0.0',
      title: 'Model',
      description: 'Model',
      package: { name: '@mex-test/model', version: '1.0.0' },
      contract_version: 'mex-1.0',
      operations: structuredClone(OPERATIONS[kind]),
      implementations: [
        { id: 'builtin', kind: 'builtin' },
        ...(kind === 'wrapped' ? [{ id: 'shout', kind: 'external', tool: 'shout' }] : []),
      ],
      determinism_ceiling: kind === 'live' || kind === 'tool' ? 'D1' : 'D3',
      required_gates: [],
      default_budget: budget,
      budget_ceilings: ceilings,
    },
    files: new Map([
      ['package.json', JSON.stringify({ name: '@mex-test/model', version: '1.0.0', exports: './dist/index.js' })],
      [
        'dist/index.js',
        `import manifest from './manifest.json' with { type: 'json' };\nexport const engine = Object.freeze({ manifest, bundle: new URL('./engine.bundle', import.meta.url).href });\nexport { manifest };\n`,
      ],
      ...filesOf(kind),
    ]),
  };
}

/** Writes a package as `mex-engine build` would leave it: manifest and bundle fit, the vectors are bound. */
export function writePackage(dir: string, { code, manifest, files }: ModelPackage): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  const bound = { conformance_vectors: digestVectorFiles(scanVectorFolder(join(dir, 'conformance'))) };
  const bundle = { sha256: sha256Hex(code), size_bytes: Buffer.byteLength(code) };
  writeFileSync(join(dir, 'dist/engine.bundle'), code);
  writeFileSync(join(dir, 'dist/manifest.json'), JSON.stringify({ bundle, ...bound, ...manifest }));
}
