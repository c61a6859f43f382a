import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  defineEngine,
  defineOperation,
  type EngineContext,
  EngineError,
  type Operation,
  type Summary,
  Type,
} from '@mex/engine-sdk';
import { type TestOptions, type TestResult, testOperation } from '@mex/engine-sdk/testing';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';

const count = defineOperation({
  title: 'Count',
  description: 'Counts words.',
  params: Type.Object({ shortest: Type.Integer({ minimum: 1, maximum: 9 }) }),
  inputs: { min: 1, max: 2 },
  outputs: [
    { name: 'count.txt', kind: 'file', mime: 'text/plain' },
    { name: 'words.json', kind: 'report', mime: 'application/json', optional: true },
  ],
  capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
  errors: ['COUNT_EMPTY'],
  async run(context, { shortest }, fail) {
    const [input] = context.inputs;
    const words = new TextDecoder()
      .decode(await input?.bytes())
      .split(/\s+/)
      .filter((word) => word.length >= shortest);
    if (words.length === 0) throw fail('COUNT_EMPTY', 'There are no words.');
    context.log(`counted ${words.length}`);
    context.problem({ code: 'COUNT_FEW', severity: 'info', title: 'Few words', message: 'Only a few.' });
    await context.write('count.txt', `${words.length}\n`);
    await context.write('words.json', JSON.stringify(words));
    return { words: words.length };
  },
});
const engine = defineEngine({
  id: 'engine.test.kit',
  version: '1.0.0',
  title: 'Kit',
  description: 'Kit.',
  determinism: 'D3',
  operations: { 'count.words': count },
});

/** An operation of one body, with everything declared. */
function run(
  body: (context: EngineContext) => Promise<Summary> | Summary,
  options: Partial<TestOptions<Record<string, unknown>>> = {},
  declaration: Partial<Operation> = {},
): Promise<TestResult> {
  const operation: Operation = {
    title: 'Run',
    description: 'Runs.',
    params: Type.Object({}),
    inputs: { min: 0, max: 9 },
    outputs: [
      { name: 'out.txt', kind: 'file', mime: 'text/plain', optional: true },
      { name: 'raw.txt', kind: 'tool_output', mime: 'text/plain', optional: true, evidence: true },
    ],
    capabilities: [
      'fs.read:inputs',
      'fs.write:artifacts',
      'fs.read:docs',
      'net.http:api.example',
      'proc.exec:tool',
      'secrets.use:token',
      'secrets.use:shown',
    ],
    readableSecrets: ['shown'],
    errors: ['RUN_WRONG'],
    run: body,
    ...declaration,
  };
  const definition = {
    id: 'engine.test.run',
    version: '1.0.0',
    title: 'Run',
    description: 'Run.',
    determinism: 'D1',
    operations: { 'run.it': operation },
  } as const;
  return testOperation(definition, 'run.it', { params: {}, ...options });
}

/** The code with which a body fails. */
async function codeOf(...args: Parameters<typeof run>): Promise<string | undefined> {
  return (await run(...args)).error?.code;
}

/** Writes the evidence that D1 needs. */
async function withEvidence(context: EngineContext, summary: Summary = {}): Promise<Summary> {
  await context.write('raw.txt', 'raw');
  return summary;
}

describe('testOperation', () => {
  it('gives outputs, summary, problems, log and used capabilities, typed from the declaration', async () => {
    const result = await testOperation(engine, 'count.words', {
      params: { shortest: 1 },
      inputs: ['one two  three\n'],
    });
    expectTypeOf(result.summary).toEqualTypeOf<{ words: number } | undefined>();
    expectTypeOf<keyof typeof result.outputs>().toEqualTypeOf<'count.txt' | 'words.json'>();
    expect(result).toMatchObject({
      status: 'succeeded',
      error: undefined,
      summary: { words: 3 },
      log: ['counted 3'],
      problems: [{ code: 'COUNT_FEW' }],
      used: ['fs.read:inputs', 'fs.write:artifacts'],
    });
    expect(result.outputs['count.txt']?.text()).toBe('3\n');
    expect(result.outputs['words.json']?.json()).toEqual(['one', 'two', 'three']);
    // @ts-expect-error no such operation
    expect((await testOperation(engine, 'count.lines', { params: {} })).error?.code).toBe('OPERATION_UNKNOWN');
  });

  it('an operation that fails has its declared code and no outputs', async () => {
    const result = await testOperation(engine, 'count.words', { params: { shortest: 9 }, inputs: ['one two'] });
    expect(result).toMatchObject({ status: 'failed', error: { code: 'COUNT_EMPTY' }, outputs: {}, summary: undefined });
    expect(result.thrown).toBeInstanceOf(EngineError);
  });

  it.each<[string, string, Partial<TestOptions<Record<string, unknown>>>]>([
    ['params that do not fit', 'PARAMS_INVALID', { params: { extra: 1 } }],
    ['too many inputs', 'INPUT_COUNT', { inputs: Array.from({ length: 10 }, () => '') }],
    ['an unknown capability', 'HSK-4001', { capabilities: ['fs.delete:all'] }],
    ['a capability that is not declared', 'CAPABILITY_NOT_DECLARED', { capabilities: ['net.http:other.example'] }],
    ['more than the ceiling', 'DETERMINISM_OVER_CEILING', { determinism: 'D3' }],
  ])('[§8] %s is denied before anything runs: %s', async (_what, code, options) => {
    let ran = false;
    const body = (): Summary => {
      ran = true;
      return {};
    };
    expect(await run(body, options)).toMatchObject({ status: 'denied', error: { code } });
    expect(ran).toBe(false);
  });
});

describe('[§7] calls are checked as the host checks them', () => {
  it.each<[string, string, (context: EngineContext) => Promise<unknown>]>([
    ['fs.read:inputs', 'CAPABILITY_USED_WITHOUT_GRANT', async (context) => context.inputs[0]?.bytes()],
    ['fs.write:artifacts', 'CAPABILITY_USED_WITHOUT_GRANT', (context) => context.write('out.txt', '')],
    ['fs.read:docs', 'CAPABILITY_USED_WITHOUT_GRANT', (context) => context.list('docs')],
    ['proc.exec:tool', 'CAPABILITY_USED_WITHOUT_GRANT', (context) => context.exec('tool', [])],
    ['secrets.use:token', 'CAPABILITY_USED_WITHOUT_GRANT', (context) => context.secret('token')],
    ['net.http:api.example', 'NETWORK_BLOCKED', (context) => context.fetch({ url: 'https://api.example/' })],
  ])('without %s', async (_capability, code, call) => {
    const body = async (context: EngineContext): Promise<Summary> => ({ done: await call(context) });
    expect(await codeOf(body, { capabilities: [], inputs: [''] })).toBe(code);
  });

  it.each<[string, (context: EngineContext) => Promise<unknown>]>([
    ['OUTPUT_UNDECLARED', (context) => context.write('other.txt', '')],
    ['OUTPUT_REPEATED', async (context) => [await context.write('out.txt', ''), await context.write('out.txt', '')]],
    ['OUTPUT_NOT_BYTES', (context) => Reflect.apply(context.write.bind(context), undefined, ['out.txt', 7])],
    ['ARTIFACT_NOT_FOUND', async (context) => context.inputs[0]?.read('gone.txt')],
    ['SCOPE_UNKNOWN', (context) => context.list('docs')],
    ['TOOL_NOT_ALLOWED', (context) => context.exec('tool', [])],
    ['SECRET_NOT_READABLE', (context) => context.secret('token')],
    ['SECRET_UNKNOWN', (context) => context.secret('shown')],
    ['NETWORK_FAILED', (context) => context.fetch({ url: 'https://api.example/' })],
    ['NETWORK_REQUEST_INVALID', (context) => context.fetch({ url: 'file:///etc/passwd' })],
    ['DEVICE_UNAVAILABLE', (context) => context.device('none')],
  ])('%s', async (code, call) => {
    const body = async (context: EngineContext): Promise<Summary> => ({ done: await call(context) });
    expect(await codeOf(body, { inputs: [{ files: { 'a.txt': 'a' } }] })).toBe(code);
  });

  it('a refusal can be caught, and an engine that says the same words itself has failed', async () => {
    const caught = await run(async (context) => {
      const code = await context.write('other.txt', '').catch((error: { code: string }) => error.code);
      return withEvidence(context, { code });
    });
    expect(caught.summary).toEqual({ code: 'OUTPUT_UNDECLARED' });
    const forged = await run(() => {
      throw Object.assign(new Error('mine'), { code: 'OUTPUT_UNDECLARED' });
    });
    expect(forged.error).toMatchObject({ code: 'ENGINE_FAILED', message: 'mine' });
  });

  it('calls that nobody waits for are done; after the end none is', async () => {
    let kept: EngineContext | undefined;
    const result = await run((context) => {
      kept = context;
      void withEvidence(context);
      return {};
    });
    expect(result.outputs['raw.txt']?.text()).toBe('raw');
    await expect(kept?.write('out.txt', '')).rejects.toMatchObject({ code: 'CALL_AFTER_END' });
  });
});

describe('[§8] what came out is checked as the gates check it', () => {
  it.each<
    [string, (context: EngineContext) => Promise<Summary> | Summary, Partial<TestOptions<Record<string, unknown>>>]
  >([
    ['EVIDENCE_MISSING', () => ({}), {}],
    ['SUMMARY_INVALID', () => Reflect.apply(() => [], undefined, []), {}],
    ['INLINE_TOO_LARGE', (context) => withEvidence(context, { text: 'x'.repeat(33_000) }), {}],
    [
      'SECURITY_SECRET_LEAKED',
      async (context) => withEvidence(context, { text: await context.secret('shown') }),
      { outside: { secrets: { shown: 'a secret of some length' } } },
    ],
    [
      'ENGINE_FAILED',
      () => {
        throw new EngineError('RUN_OTHER', 'not declared');
      },
      {},
    ],
  ])('%s', async (code, body, options) => {
    expect(await codeOf(body, options)).toBe(code);
  });

  it('OUTPUT_MISSING, and DETERMINISM_BROKEN for the outside in D2', async () => {
    const outputs = [{ name: 'out.txt', kind: 'file', mime: 'text/plain' }] as const;
    expect(await codeOf(() => ({}), {}, { outputs })).toBe('OUTPUT_MISSING');
    const outside = { scopes: { docs: { 'a.txt': 'a' } } };
    const body = async (context: EngineContext): Promise<Summary> => ({ entries: await context.list('docs') });
    expect(await codeOf(body, { outside }, { determinism: 'D2' })).toBe('DETERMINISM_BROKEN');
  });
});

describe('fakes', () => {
  const root = mkdtempSync(join(tmpdir(), 'mex-kit-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('inputs: text, bytes, made-up directories, and those on the disk, without links', async () => {
    writeFileSync(join(root, 'b.txt'), 'b');
    symlinkSync('/etc/hostname', join(root, 'link'));
    const result = await run(
      async (context) => {
        const [text, blob, bundle, disk, file] = context.inputs;
        return withEvidence(context, {
          text: new TextDecoder().decode(await text?.bytes()),
          blob: [blob?.name, blob?.mime, blob?.size],
          bundle: [bundle?.kind, (await bundle?.files())?.map(({ path }) => path)],
          disk: [disk?.kind, (await disk?.files())?.map(({ path, size }) => [path, size])],
          file: [file?.name, file?.kind, new TextDecoder().decode(await disk?.read('b.txt'))],
        });
      },
      {
        inputs: [
          'hello',
          { content: new Uint8Array(3), name: 'zeros', mime: 'application/x-zeros' },
          { files: { 'b/c.txt': '', 'a.txt': '' } },
          { path: root },
          { path: join(root, 'b.txt') },
        ],
      },
    );
    expect(result.summary).toEqual({
      text: 'hello',
      blob: ['zeros', 'application/x-zeros', 3],
      bundle: ['bundle', ['a.txt', 'b/c.txt']],
      disk: ['bundle', [['b.txt', 1]]],
      file: ['b.txt', 'file', 'b'],
    });
  });

  it('the network: pages by URL and method, redirects within what is granted, secrets filled in', async () => {
    const seen: unknown[] = [];
    const body = async (context: EngineContext): Promise<Summary> => {
      const {
        status,
        url,
        redirects,
        body: text,
      } = await context.fetch({
        url: 'https://api.example/old',
        headers: { authorization: 'Bearer {{secret:token}}' },
      });
      return withEvidence(context, { status, url, redirects, text: new TextDecoder().decode(text) });
    };
    const result = await run(body, {
      outside: {
        secrets: { token: 'a token of length' },
        http: ({ url, headers }) => {
          seen.push(headers);
          return url.endsWith('/old')
            ? { status: 301, headers: { Location: '/new' } }
            : { status: 200, body: 'moved here' };
        },
      },
    });
    expect(result.summary).toEqual({ status: 200, url: 'https://api.example/new', redirects: 1, text: 'moved here' });
    expect(seen[0]).toEqual({ authorization: 'Bearer a token of length' });
    const away = { url: 'https://api.example/old', status: 302, headers: { location: 'https://evil.example/' } };
    const outside = { secrets: { token: 'a token of length' }, http: [away] };
    expect(await codeOf(body, { outside })).toBe('NETWORK_BLOCKED');
  });

  it('programs and scopes', async () => {
    const result = await run(
      async (context) => {
        const { exitCode, stdout, files } = await context.exec('tool', ['--all'], {
          stdin: 'in',
          inputs: [{ input: 0, as: 'tree' }],
          outputs: ['made.txt', 'gone.txt'],
        });
        return withEvidence(context, {
          exitCode,
          stdout: new TextDecoder().decode(stdout),
          files: files.map((file) => ('bytes' in file ? file.bytes.length : file.refused)),
          root: await context.list('docs'),
          below: await context.list('docs', 'sub'),
          text: new TextDecoder().decode(await context.read('docs', 'sub/b.txt')),
        });
      },
      {
        inputs: [{ files: { 'a.txt': 'a' } }],
        outside: {
          tools: {
            tool: ({ args, stdin, inputs }) => {
              const tree = inputs.get('tree');
              const count = tree instanceof Map ? tree.size : -1;
              return {
                exitCode: 3,
                stdout: `${args.join()} ${new TextDecoder().decode(stdin)} ${count}`,
                files: { 'made.txt': '1234' },
              };
            },
          },
          scopes: { docs: { 'sub/b.txt': 'b', 'a.txt': 'a' } },
        },
      },
    );
    expect(result.summary).toEqual({
      exitCode: 3,
      stdout: '--all in 1',
      files: [4, 'missing'],
      root: [
        { name: 'a.txt', kind: 'file' },
        { name: 'sub', kind: 'directory' },
      ],
      below: [{ name: 'b.txt', kind: 'file' }],
      text: 'b',
    });
  });

  it.each<['D1' | 'D2', string]>([
    ['D1', '2026-05-06T07:08:09.000Z'],
    ['D2', '2000-01-01T00:00:00.000Z'],
  ])('[§6] the clock of %s says %s', async (determinism, now) => {
    const options = { determinism, now: '2026-05-06T07:08:09Z' };
    const result = await run((context) => withEvidence(context, { now: context.now() }), options, {
      determinism: 'D2',
    });
    expect(result.summary).toEqual({ now });
  });
});
