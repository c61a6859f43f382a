import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defineEngine, defineOperation, Type } from '@mex/engine-sdk';
import { loadVectors, runVector, verifyVector } from '@mex/engine-sdk/testing';
import { afterAll, describe, expect, it } from 'vitest';

/** Takes from every axis that a vector can fake, and tells what it got. */
const engine = defineEngine({
  id: 'engine.test.vectors',
  version: '1.0.0',
  title: 'Vectors',
  description: 'Vectors.',
  determinism: 'D1',
  operations: {
    'ask.all': defineOperation({
      title: 'Ask',
      description: 'Asks all.',
      params: Type.Object({ fail: Type.Optional(Type.Boolean()) }),
      inputs: { min: 2, max: 2 },
      outputs: [
        { name: 'answers.json', kind: 'report', mime: 'application/json', evidence: true },
        { name: 'lines.txt', kind: 'file', mime: 'text/plain' },
      ],
      capabilities: [
        'fs.read:inputs',
        'fs.write:artifacts',
        'fs.read:docs',
        'net.http:api.example',
        'proc.exec:upper',
        'secrets.use:token',
      ],
      readableSecrets: ['token'],
      errors: ['ASK_REFUSED'],
      async run(context, { fail: mustFail = false }, fail) {
        if (mustFail) throw fail('ASK_REFUSED', 'as asked');
        const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
        const [tree, blob] = context.inputs;
        const page = await context.fetch({ url: 'https://api.example/x' });
        const tool = await context.exec('upper', ['/inputs/tree/a.txt', '--out=/work/made.txt'], {
          inputs: [{ input: 0, as: 'tree' }],
          outputs: ['made.txt'],
        });
        const [made] = tool.files;
        const answers = {
          tree: (await tree?.files())?.map(({ path }) => path),
          blob: [blob?.name, blob?.mime, text(await blob?.bytes())],
          page: [page.status, text(page.body)],
          tool: [tool.exitCode, text(tool.stdout), made !== undefined && 'bytes' in made ? text(made.bytes) : 'none'],
          scope: text(await context.read('docs', 'a.txt')),
          secret: (await context.secret('token')).length,
        };
        await context.write('answers.json', JSON.stringify(answers));
        await context.write('lines.txt', 'one\ntwo\n');
        context.problem({ code: 'ASK_ODD', severity: 'warning', title: 'Odd', message: 'Odd.' });
        return { answers: Object.keys(answers).length, more: { nested: [1] } };
      },
    }),
  },
});

/** Has its work done by a program where policy says so. */
const wrapping = defineEngine({
  id: 'engine.test.wrapping',
  version: '1.0.0',
  title: 'Wrapping',
  description: 'Wrapping.',
  determinism: 'D3',
  implementations: [{ id: 'shout', tool: 'upper', operations: ['say.it'] }],
  operations: Object.fromEntries(
    ['say.it', 'say.more'].map((name) => [
      name,
      defineOperation({
        title: 'Say',
        description: 'Says it.',
        params: Type.Object({}),
        outputs: [{ name: 'said.txt', kind: 'file', mime: 'text/plain', evidence: true }],
        capabilities: ['fs.write:artifacts'],
        async run(context) {
          const { determinism, implementation } = context;
          const { tool, kind } = implementation;
          const said =
            tool === undefined
              ? 'said'
              : new TextDecoder().decode((await context.exec(tool, ['x', '--out=/work/y'])).stdout);
          await context.write('said.txt', said);
          return { said, kind, determinism };
        },
      }),
    ]),
  ),
});

const root = mkdtempSync(join(tmpdir(), 'mex-run-vector-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const ANSWERS = {
  tree: ['a.txt'],
  blob: ['note', 'text/plain', 'hello'],
  page: [201, 'from a file'],
  tool: [0, 'done', 'AAA'],
  scope: 'in scope',
  secret: 12,
};
const VECTOR = {
  schema_version: 'mex.vector@1.0',
  title: 'Asks all',
  operation: 'ask.all',
  params: {},
  inputs: [
    { path: 'tree', name: 'tree' },
    { path: 'note.txt', name: 'note', mime: 'text/plain' },
  ],
  outside: {
    http: [{ url: 'https://api.example/x', status: 201, body_path: 'page.txt' }],
    tools: { upper: { path: 'upper.mjs' } },
    scopes: { docs: 'scope' },
    secrets: { token: 'twelve chars' },
  },
};
const FILES = {
  'tree/a.txt': 'aaa',
  'note.txt': 'hello',
  'page.txt': 'from a file',
  'scope/a.txt': 'in scope',
  'lines.txt': 'one\ntwo\n',
  'upper.mjs': `import { readFileSync, writeFileSync } from 'node:fs';
    const [from, to] = process.argv.slice(2);
    writeFileSync(to.slice('--out='.length), readFileSync(from, 'utf8').toUpperCase());
    process.stdout.write('done');`,
  'shout.mjs': "process.stdout.write('SHOUTED');",
};
let made = 0;

function vectorOf(change: object) {
  made += 1;
  const folder = join(root, String(made));
  const files = { ...FILES, 'vector.json': JSON.stringify({ ...VECTOR, ...change }) };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'one', path)), { recursive: true });
    writeFileSync(join(folder, 'one', path), content);
  }
  const [vector] = loadVectors(folder);
  if (vector === undefined) throw new Error('no vector');
  return vector;
}

describe('[§15] runVector', () => {
  it('fakes what the vector says is outside, programs in Node, and compares what came out', async () => {
    const expect_ = {
      status: 'succeeded',
      outputs: { 'answers.json': { json: ANSWERS }, 'lines.txt': { path: 'lines.txt' } },
      summary: { answers: 6, more: { nested: [1] } },
      problems: ['ASK_ODD'],
    };
    const { result, differences } = await runVector(engine, vectorOf({ expect: expect_ }));
    expect(differences).toEqual([]);
    expect(result.status).toBe('succeeded');
  });

  it('every difference is named with its place', async () => {
    const vector = vectorOf({
      expect: {
        status: 'succeeded',
        outputs: {
          'answers.json': { json: { ...ANSWERS, page: [200, 'from a file'] } },
          'lines.txt': { path: 'note.txt' },
          'other.txt': { contains: 'x' },
        },
        summary: { answers: 7, gone: true },
        problems: [],
      },
    });
    const { differences } = await runVector(engine, vector);
    expect(differences).toEqual([
      'output answers.json: /page/0: 201; expected 200',
      'output lines.txt: line 1 is "one"; expected "hello"',
      'output other.txt: was not written',
      'summary /answers: 6; expected 7',
      'summary /gone: not there; expected true',
      'problems: [ASK_ODD]; expected []',
    ]);
    const contains = { status: 'succeeded', outputs: { 'lines.txt': { contains: 'three' } } };
    const sha256 = { status: 'succeeded', outputs: { 'lines.txt': { sha256: 'a'.repeat(64) } } };
    const json = { status: 'succeeded', outputs: { 'lines.txt': { json: [1] } } };
    for (const [expect_, words] of [
      [contains, 'does not contain "three"'],
      [sha256, 'its SHA-256 is'],
      [json, 'is no JSON'],
    ] as const) {
      expect((await runVector(engine, vectorOf({ expect: expect_ }))).differences.join()).toContain(words);
    }
  });

  it.each<[object, string | undefined]>([
    [{ params: { fail: true }, expect: { status: 'failed', code: 'ASK_REFUSED' } }, undefined],
    [{ params: { other: 1 }, expect: { status: 'denied', code: 'PARAMS_INVALID' } }, undefined],
    [{ operation: 'ask.none', expect: { status: 'denied', code: 'OPERATION_UNKNOWN' } }, undefined],
    [{ capabilities: ['fs.read:inputs'], expect: { status: 'failed', code: 'NETWORK_BLOCKED' } }, undefined],
    [
      { params: { fail: true }, expect: { status: 'succeeded' } },
      'status: failed with ASK_REFUSED: as asked; expected succeeded',
    ],
    [{ expect: { status: 'failed', code: 'ASK_REFUSED' } }, 'status: succeeded; expected failed with ASK_REFUSED'],
    [
      { params: { fail: true }, expect: { status: 'failed', code: 'ASK_OTHER' } },
      'code: ASK_REFUSED (as asked); expected ASK_OTHER',
    ],
  ])('reject vectors: %j', async (change, difference) => {
    const vector = vectorOf(change);
    expect((await runVector(engine, vector)).differences).toEqual(difference === undefined ? [] : [difference]);
    if (difference === undefined) await verifyVector(engine, vector);
    else await expect(verifyVector(engine, vector)).rejects.toThrow(`one: Asks all\n  ${difference}`);
  });

  it.each<[object, object]>([
    [{ implementation: 'shout' }, { said: 'SHOUTED', kind: 'external', determinism: 'D1' }],
    [
      { implementation: 'shout', operation: 'say.more' },
      { said: 'said', kind: 'builtin', determinism: 'D3' },
    ],
    [{ implementation: 'builtin' }, { said: 'said', kind: 'builtin', determinism: 'D3' }],
    [{}, { said: 'said', kind: 'builtin', determinism: 'D3' }],
  ])('[§13] %j says who does the work', async (change, summary) => {
    const outside = { tools: { upper: { path: 'shout.mjs' } } };
    const base = { operation: 'say.it', inputs: [], outside, expect: { status: 'succeeded', summary } };
    expect((await runVector(wrapping, vectorOf({ ...base, ...change }))).differences).toEqual([]);
  });

  it('[§2] an implementation that the engine has not is refused, and one needs its program granted', async () => {
    const base = { operation: 'say.it', inputs: [], outside: { tools: { upper: { path: 'shout.mjs' } } } };
    const denied = { status: 'denied', code: 'IMPLEMENTATION_UNKNOWN' };
    await verifyVector(wrapping, vectorOf({ ...base, implementation: 'whisper', expect: denied }));
    const without = { implementation: 'shout', capabilities: ['fs.write:artifacts'] };
    const failed = { status: 'failed', code: 'CAPABILITY_USED_WITHOUT_GRANT' };
    await verifyVector(wrapping, vectorOf({ ...base, ...without, expect: failed }));
    const tooMuch = { status: 'denied', code: 'DETERMINISM_OVER_CEILING' };
    await verifyVector(wrapping, vectorOf({ ...base, implementation: 'shout', determinism: 'D3', expect: tooMuch }));
  });
});
