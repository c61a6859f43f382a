import type { BudgetField } from '@mex/envelope';
import { budgetExceededCode } from '@mex/gates';
import {
  changingOperations,
  changingResults,
  forgettingResults,
  losingEvents,
  mixingUpArtifacts,
  type OpenHost,
  sayingInstead,
} from './faulty-host.ts';
import type { ModelKind, ModelPackage } from './model-engine.ts';

/** How an engine, or a host, differs from one that passes: in one thing. */
export interface Deviation {
  readonly kind: ModelKind;
  /** What it does wrong, in words. */
  readonly wrong: string;
  /** A piece of the engine's code, and what stands in its place. */
  readonly code?: readonly [piece: string, other: string];
  readonly change?: (model: ModelPackage) => void;
  /** Changes files after the package was written. */
  readonly spoil?: Readonly<Record<string, (content: string) => string>>;
  readonly openHost?: OpenHost;
  readonly tiers?: readonly ('thread' | 'process')[];
}

/** What an engine does that keeps quiet about one kind of refusal. */
const quiet = (call: string, code: string, instead: string): string =>
  `${call}.catch((error) => { if (error.code === '${code}') return ${instead}; throw error; })`;

const operationOf = (model: ModelPackage, name: string): Record<string, unknown> => {
  const found = model.manifest.operations[name];
  if (found === undefined) throw new Error(`the model has no operation ${name}`);
  return found;
};

function listOf(operation: Record<string, unknown>, member: string): unknown[] {
  const list = operation[member];
  return Array.isArray(list) ? list : [];
}

function ignoring(field: BudgetField): OpenHost {
  return changingOperations(({ budget: { [field]: _left, ...budget }, ...operation }) => ({ ...operation, budget }));
}

const READ = 'await tree.read(path)';
const WRITE = "await context.write('report.json', report)";

/** One for each case: caught by it, and by no other. */
export const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  'SCHEMA-001': {
    kind: 'plain',
    wrong: 'its default budget is above its own ceiling',
    change: ({ manifest }) => {
      Object.assign(manifest, { budget_ceilings: { ...Object(manifest['budget_ceilings']), file_writes: 1 } });
    },
  },
  'BYPASS-002': {
    kind: 'plain',
    wrong: 'its bundle is a module that exports what runs',
    code: ['(function () {', 'export {};\n(function () {'],
  },
  'INTEGRITY-001': {
    kind: 'plain',
    wrong: 'one byte of its bundle is another one',
    spoil: { 'dist/engine.bundle': (text) => text.replace('counted', 'Counted') },
  },
  'SCHEMA-002': {
    kind: 'plain',
    wrong: 'one of its operations has no reject vector',
    change: ({ files }) => void files.delete('conformance/echo-long/vector.json'),
  },
  'SCHEMA-003': { kind: 'plain', wrong: 'it counts one too many', code: ['sum + one.count, 0', 'sum + one.count, 1'] },
  'SCHEMA-004': {
    kind: 'live',
    wrong: 'it refuses with another code than it should',
    code: ["fail('MODEL_NOTHING'", "fail('MODEL_ANSWER'"],
  },
  'SCHEMA-005': {
    kind: 'plain',
    wrong: 'it takes params that nobody declared',
    change: (model) => {
      const { params_schema } = operationOf(model, 'model.echo');
      Object.assign(Object(params_schema), { additionalProperties: { type: 'string', maxLength: 9 } });
    },
  },
  'INTEGRITY-002': {
    kind: 'plain',
    wrong: 'it binds other vectors than it has',
    change: ({ manifest }) => {
      Object.assign(manifest, { conformance_vectors: { sha256: '0'.repeat(64), count: 4 } });
    },
  },
  'BYPASS-001': {
    kind: 'plain',
    wrong: 'its front door lets out a function',
    spoil: { 'dist/index.js': (text) => `${text}export const run = () => engine;\n` },
  },
  'BYPASS-003': { kind: 'plain', wrong: 'its host', openHost: sayingInstead('OPERATION_UNKNOWN', 'OPERATION_FINE') },
  'CAP-001': {
    kind: 'plain',
    wrong: 'it claims to have read what it may not read',
    change: (model) => {
      const code = 'CAPABILITY_USED_WITHOUT_GRANT';
      model.code = model.code
        .replace('await tree.files()', quiet('await tree.files()', code, "[{ path: 'a.txt' }]"))
        .replace(READ, quiet(READ, code, 'new Uint8Array()'));
    },
  },
  'CAP-002': {
    kind: 'plain',
    wrong: 'it declares more than it uses',
    change: (model) => void listOf(operationOf(model, 'model.echo'), 'capabilities').push('gpu.compute'),
  },
  'CAP-003': {
    kind: 'plain',
    wrong: 'it tries what it was not granted',
    code: [WRITE, `await context.device('gpu.compute').catch(() => {}); ${WRITE}`],
  },
  'CONSENT-001': { kind: 'live', wrong: 'its host', openHost: sayingInstead('CAPABILITY_NEEDS_CONSENT', 'OTHER') },
  'CONSENT-002': {
    kind: 'live',
    wrong: 'it goes on without the consent that was revoked',
    change: (model) => {
      const goOn = '{ status: 200, body: new TextEncoder().encode(\'{"n":1}\') }';
      model.code = model.code
        .replace(
          "await context.secret('token')",
          quiet("await context.secret('token')", 'CAPABILITY_CONSENT_REVOKED', "'x'"),
        )
        .replace(
          "    headers: { authorization: 'Bearer {{secret:token}}' },\n  })",
          quiet("    headers: { authorization: 'Bearer {{secret:token}}' },\n  })", 'CAPABILITY_CONSENT_REVOKED', goOn),
        );
    },
  },
  'BUDGET-001': { kind: 'plain', wrong: 'its host', openHost: ignoring('wall_time_ms') },
  'BUDGET-002': { kind: 'busy', wrong: 'its host', openHost: ignoring('cpu_time_ms') },
  'BUDGET-003': {
    kind: 'plain',
    wrong: 'its host',
    openHost: sayingInstead(
      budgetExceededCode('memory_bytes'),
      'OTHER',
      ({ budget }) => budget.memory_bytes !== undefined && budget.memory_bytes < 1_000_000,
    ),
  },
  'BUDGET-004': { kind: 'plain', wrong: 'its host', openHost: ignoring('output_bytes') },
  'BUDGET-005': { kind: 'live', wrong: 'its host', openHost: ignoring('net_requests') },
  'BUDGET-006': { kind: 'live', wrong: 'its host', openHost: ignoring('net_bytes') },
  'BUDGET-007': { kind: 'tool', wrong: 'its host', openHost: ignoring('exec_count') },
  'BUDGET-008': { kind: 'plain', wrong: 'its host', openHost: ignoring('file_writes') },
  'INTEGRITY-003': { kind: 'plain', wrong: 'its host', openHost: sayingInstead('INPUT_INTEGRITY', 'OTHER') },
  'INTEGRITY-004': {
    kind: 'plain',
    wrong: 'it leaves out what changed, and says nothing',
    code: [READ, quiet(READ, 'ARTIFACT_DRIFT', 'new Uint8Array()')],
  },
  'IO-001': {
    kind: 'plain',
    wrong: 'it writes what it does not declare',
    code: [WRITE, `await context.write('stray.txt', 'x').catch(() => {}); ${WRITE}`],
  },
  'IO-002': {
    kind: 'plain',
    wrong: 'its summary repeats its output',
    code: [
      'const report = JSON.stringify({ word: params.word, found });',
      "const report = JSON.stringify({ word: params.word, found, more: 'x'.repeat(600) }); found.push({ count: 0, report });",
    ],
    change: (model) => {
      model.code = model.code.replace('return { count: found', 'return { found, count: found');
    },
  },
  'IO-003': {
    kind: 'plain',
    wrong: 'it declares an output that it never writes',
    change: (model) =>
      void listOf(operationOf(model, 'model.count'), 'outputs').push({
        name: 'more',
        kind: 'file',
        mime: 'text/plain',
        optional: true,
      }),
  },
  'IO-004': { kind: 'plain', wrong: 'its JSON is none', code: ['found });', "found }) + '!';"] },
  'PROV-001': {
    kind: 'plain',
    wrong: 'its host',
    openHost: changingResults((result) => {
      const { config_hash: _left, ...provenance } = result.provenance;
      return { ...result, provenance };
    }),
  },
  'PROV-002': { kind: 'plain', wrong: 'its host', openHost: mixingUpArtifacts },
  'DET-001': {
    kind: 'plain',
    wrong: 'the id of the operation is in its output',
    code: ['{ word: params.word, found }', '{ word: params.word, found, id: context.opId }'],
  },
  'DET-002': {
    kind: 'plain',
    wrong: 'it counts its runs',
    code: [
      'async function echo(context, params) {\n  let rounds = 0;',
      'let runs = 0;\nasync function echo(context, params) {\n  let rounds = runs++;',
    ],
  },
  'DET-003': {
    kind: 'plain',
    wrong: 'its host',
    tiers: ['thread', 'process'],
    openHost: changingResults((result) =>
      result.provenance.environment.isolation_tier === 'process' && result.status === 'succeeded'
        ? { ...result, summary: { ...result.summary, tier: 'process' } }
        : result,
    ),
  },
  'DET-004': {
    kind: 'live',
    wrong: 'its evidence is always the same',
    code: ['const evidence = body;', "const evidence = 'asked';"],
  },
  'ERR-001': {
    kind: 'plain',
    wrong: 'it throws what it does not declare',
    code: [
      'const [tree] = context.inputs;',
      "const [tree] = context.inputs; if (params.word.length === 20) throw new TypeError('too long');",
    ],
  },
  'EVENT-001': { kind: 'plain', wrong: 'its host', openHost: losingEvents(({ type }) => type === 'tool_call') },
  'EVENT-002': {
    kind: 'live',
    wrong: 'its host',
    openHost: losingEvents((event) => event.type === 'system' && event.subject === 'broker.http'),
  },
  'EVENT-003': {
    kind: 'plain',
    wrong: 'it says more than anybody keeps',
    code: ["context.log('counted');", "for (let at = 0; at < 1100; at += 1) context.log('x');"],
  },
  'IDEM-001': { kind: 'plain', wrong: 'its host', openHost: forgettingResults },
  'SECRET-001': {
    kind: 'live',
    wrong: 'it logs a token of a form that its own vectors do not have',
    code: ['const body =', "if (token.includes('~')) context.log(token);\n  const body ="],
  },
  'HOSTILE-001': {
    kind: 'plain',
    wrong: 'it takes no notice of a write that failed',
    code: [WRITE, quiet(WRITE, 'CALL_LIMIT', "''")],
  },
  'HOSTILE-002': { kind: 'plain', wrong: 'its host', openHost: sayingInstead('OPERATION_CANCELLED', 'OTHER') },
  'HOSTILE-003': {
    kind: 'plain',
    wrong: 'its result depends on which answer comes first',
    code: [
      'const found = [];',
      'const found = [{ path: await Promise.race(files.map(({ path }) => tree.read(path).then(() => path))), count: 0 }];',
    ],
  },
  'HOSTILE-004': {
    kind: 'plain',
    wrong: 'its host',
    openHost: changingResults((result, { budget }) =>
      budget.memory_bytes === 8_388_608 ? { ...result, summary: { count: 0 }, errors: [] } : result,
    ),
  },
  'HOSTILE-005': {
    kind: 'plain',
    wrong: 'it trusts what it reads',
    code: ["catch { throw fail('MODEL_BINARY', 'A file is no text.'); }", 'finally {}'],
  },
  'HOSTILE-006': {
    kind: 'live',
    wrong: 'it trusts what it fetches',
    code: [
      "try { value = JSON.parse(body); } catch { throw fail('MODEL_ANSWER', 'The answer is no JSON.'); }",
      'value = JSON.parse(body);',
    ],
  },
};
