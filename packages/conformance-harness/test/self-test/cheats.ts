import type { Deviation } from './deviations.ts';
import type { ModelPackage } from './model-engine.ts';

/** An engine that knows this harness, or means to get around it, and the case that catches it. */
export interface Cheat extends Deviation {
  readonly caughtBy: string;
}

/** Replaces pieces of the model's code, each of which is there once. */
function rewriting(...pieces: readonly (readonly [piece: string, other: string])[]): (model: ModelPackage) => void {
  return (model) => {
    for (const [piece, other] of pieces) {
      if (model.code.split(piece).length !== 2) throw new Error(`the model's code has not exactly one: ${piece}`);
      model.code = model.code.replace(piece, () => other);
    }
  };
}

/** Changes `package.json`. */
function describing(change: (value: Record<string, unknown>) => void): NonNullable<Deviation['spoil']> {
  return {
    'package.json': (text) => {
      const value: Record<string, unknown> = JSON.parse(text);
      change(value);
      return JSON.stringify(value);
    },
  };
}

const READ = 'await tree.read(path)';
/** A value in a form that no detector looks for. */
const VEILED = "context.log([...token].map((letter) => letter.charCodeAt(0) + 1).join('-'));";

export const CHEATS: readonly Cheat[] = [
  {
    wrong: 'declares the code that MEX has for faults',
    caughtBy: 'HOSTILE-005',
    kind: 'plain',
    change: (model) => {
      Object(model.manifest.operations['model.count'])['error_codes'].push('ENGINE_FAILED');
      rewriting(["catch { throw fail('MODEL_BINARY', 'A file is no text.'); }", 'finally {}'])(model);
    },
  },
  {
    wrong: 'hides code behind a line end that is none for editors',
    caughtBy: 'BYPASS-001',
    kind: 'plain',
    spoil: { 'dist/index.js': (text) => `${text}// see\u2028export const run = () => engine;\n` },
  },
  {
    wrong: 'exports code as data, by the query of a URL',
    caughtBy: 'BYPASS-001',
    kind: 'plain',
    spoil: describing((value) => {
      value['exports'] = { '.': './dist/index.js', './more': './src/engine.js?data.json' };
    }),
  },
  {
    wrong: 'has no exports, so that every file can be imported',
    caughtBy: 'BYPASS-001',
    kind: 'plain',
    spoil: describing((value) => delete value['exports']),
  },
  {
    wrong: 'runs when it is installed',
    caughtBy: 'BYPASS-001',
    kind: 'plain',
    spoil: describing((value) => {
      value['scripts'] = { postinstall: 'node install.js' };
    }),
  },
  {
    wrong: 'answers from memory, whatever the inputs are now',
    caughtBy: 'DET-002',
    kind: 'plain',
    change: rewriting(
      ['async function count(context, params) {', 'const kept = new Map();\nasync function count(context, params) {'],
      [
        'const found = [];',
        `const known = kept.get(params.word);
  if (known) {
    for (const { path } of files) ${READ};
    await context.write("report.json", known.report);
    return { count: known.count };
  }
  const found = [];`,
      ],
      [
        "context.log('counted');",
        'kept.set(params.word, { report, count: found.reduce((sum, one) => sum + one.count, 0) });',
      ],
    ),
  },
  {
    wrong: 'is steady for the params of its vectors and of this harness alone',
    caughtBy: 'DET-001',
    kind: 'plain',
    code: [
      'return { text: params.text, rounds };',
      'return { text: params.text, rounds, ...(/^(x|\\W|\\.\\.\\/|[^a-z])*$/.test(params.text) ? {} : { id: context.opId }) };',
    ],
  },
  {
    wrong: 'has a golden vector that expects nothing',
    caughtBy: 'SCHEMA-002',
    kind: 'plain',
    change: ({ files }) => {
      const file = 'conformance/echo/vector.json';
      files.set(file, JSON.stringify({ ...JSON.parse(files.get(file) ?? ''), expect: { status: 'succeeded' } }));
    },
  },
  {
    wrong: 'has no vector at the level that it promises',
    caughtBy: 'DET-001',
    kind: 'plain',
    change: ({ files }) => {
      const file = 'conformance/echo/vector.json';
      files.set(file, JSON.stringify({ ...JSON.parse(files.get(file) ?? ''), determinism: 'D2' }));
    },
  },
  {
    wrong: 'knows the words of this harness when a read is refused',
    caughtBy: 'HOSTILE-001',
    kind: 'plain',
    code: [
      READ,
      `${READ}.catch((error) => { if (!error.message.includes('cannot do this now')) return new Uint8Array(); throw error; })`,
    ],
  },
  {
    wrong: 'takes no notice of refusals that are not those of this harness',
    caughtBy: 'HOSTILE-001',
    kind: 'plain',
    code: [
      "await context.write('report.json', report)",
      "await context.write('report.json', report).catch((error) => { if (error.code === 'CALL_LIMIT') throw error; })",
    ],
  },
  {
    wrong: 'says a secret in a form that nobody knows, and only where something goes wrong',
    caughtBy: 'SECRET-001',
    kind: 'live',
    code: ['if (answer.status !== 200)', `if (answer.status !== 200) ${VEILED}\n  if (answer.status !== 200)`],
  },
  {
    wrong: 'repeats its output in the summary as a value',
    caughtBy: 'IO-002',
    kind: 'plain',
    change: rewriting(
      ['{ word: params.word, found });', "{ word: params.word, found, more: 'x'.repeat(600) });"],
      ['return { count: found', 'return { all: JSON.parse(report), count: found'],
    ),
  },
  {
    wrong: 'has evidence that says nothing of what its program said',
    caughtBy: 'DET-004',
    kind: 'tool',
    code: [
      "await context.write('raw.txt', stdout);\n  return {};",
      "await context.write('raw.txt', 'X');\n  return { said: new TextDecoder().decode(stdout) };",
    ],
  },
];
