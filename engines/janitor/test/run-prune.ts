import { createHash } from 'node:crypto';
import { type EngineContext, EngineError, type EngineInput } from '@mex/engine-sdk';
import { revealEngine } from '@mex/engine-sdk/bundle';
import { compileParamsSchema, parseStrictJson } from '@mex/envelope';
import { type PruneReport, RETENTION_CHECKERS } from '@mex/envelope/retention';
import engine from '../src/engine.ts';

const refuse = () => Promise.reject(new Error('prune asks for nothing but its inputs'));

/** Runs `prune` over one document, without a host. */
export async function runPrune(
  content: string | Uint8Array,
  params: Readonly<Record<string, unknown>>,
  kind = 'file',
): Promise<{ report: PruneReport; text: string; summary: Readonly<Record<string, unknown>> }> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const input: EngineInput = {
    name: 'inventory.json',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    mime: 'application/json',
    kind,
    files: async () => [],
    bytes: async () => bytes,
    read: refuse,
  };
  let text = '';
  const context: EngineContext = {
    opId: '00000000-0000-4000-8000-000000000001',
    operation: 'prune',
    implementation: { id: 'builtin', kind: 'builtin' },
    determinism: 'D3',
    inputs: [input],
    now: () => '2000-01-01T00:00:00.000Z',
    write: async (_name, data) => {
      text = String(data);
      return '';
    },
    list: refuse,
    read: refuse,
    fetch: refuse,
    exec: refuse,
    secret: refuse,
    device: refuse,
    log: () => undefined,
    problem: () => undefined,
  };
  const operation = revealEngine(engine).operations['prune'];
  if (operation === undefined) throw new Error('the engine has no prune');
  const plain: unknown = JSON.parse(JSON.stringify(operation.params));
  // As the gate does before anything runs.
  if (!compileParamsSchema(plain).check(params)) throw new EngineError('PARAMS_INVALID', 'refused by the schema');
  const summary = await operation.run(context, params);
  const report = RETENTION_CHECKERS.pruneReport.parse(parseStrictJson(text), 'The report');
  return { report, text, summary };
}
