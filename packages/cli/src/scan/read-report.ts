import { CHECKERS, type EngineResult, parseStrictJson, type SupplyChainReport } from '@mex/envelope';
import type { Host } from '@mex/host';

/** A report of a hundred thousand findings still fits. */
const BOUNDS = { maxBytes: 256 * 1024 * 1024, maxKeys: 5_000_000 };

/** The name under which every check writes its report. */
export const REPORT_NAME = 'report.json';

/**
 * The SupplyChainReport of a check, from the store and checked against its schema; `undefined` when there is none, or
 * none that can be read. An engine's word is taken nowhere else.
 */
export async function readReport(host: Host, result: EngineResult): Promise<SupplyChainReport | undefined> {
  const handle = result.outputs.find(({ name }) => name === REPORT_NAME);
  if (handle === undefined || result.status !== 'succeeded') return undefined;
  const bytes = await host.artifacts.get(handle);
  try {
    const value = parseStrictJson(bytes, BOUNDS);
    return CHECKERS.supplyChainReport.check(value) ? value : undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'MexError') return undefined;
    throw error;
  }
}
