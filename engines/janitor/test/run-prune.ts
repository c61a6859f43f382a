import { testOperation } from '@mex/engine-sdk/testing';
import { parseStrictJson } from '@mex/envelope';
import { type PruneReport, RETENTION_CHECKERS } from '@mex/envelope/retention';
import engine from '../src/engine.ts';

/** Runs `prune` over one document, without a host. */
export async function runPrune(
  content: string,
  params: { readonly now: string },
): Promise<{ report: PruneReport; text: string; summary: Readonly<Record<string, unknown>> | undefined }> {
  const inputs = [{ content, name: 'inventory.json', mime: 'application/json' }];
  const { error, thrown, outputs, summary } = await testOperation(engine, 'prune', { params, inputs });
  const text = outputs['prune-report.json']?.text();
  if (text === undefined) throw Object.assign(new Error(error?.message, { cause: thrown }), { code: error?.code });
  return { report: RETENTION_CHECKERS.pruneReport.parse(parseStrictJson(text), 'The report'), text, summary };
}
