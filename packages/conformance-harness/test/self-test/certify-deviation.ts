import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certifyWith } from '../../src/certify.ts';
import type { ConformanceReport } from '../../src/report.ts';
import type { CertifyOptions } from '../../src/request.ts';
import type { Deviation } from './deviations.ts';
import { modelPackage, writePackage } from './model-engine.ts';

/** Writes an engine that differs from a model in one thing, and certifies it. */
export async function certifyDeviation(
  { kind, code, change, spoil = {}, openHost, tiers = ['thread'] }: Omit<Deviation, 'wrong'>,
  options: CertifyOptions = {},
): Promise<ConformanceReport> {
  const dir = mkdtempSync(join(tmpdir(), 'mex-self-test-'));
  try {
    const model = modelPackage(kind);
    if (code !== undefined) {
      const [piece, other] = code;
      if (model.code.split(piece).length !== 2) throw new Error(`the model's code has not exactly one: ${piece}`);
      model.code = model.code.replace(piece, () => other);
    }
    change?.(model);
    writePackage(dir, model);
    for (const [path, edit] of Object.entries(spoil)) {
      const file = join(dir, path);
      writeFileSync(file, edit(readFileSync(file, 'utf8')));
    }
    return await certifyWith({ dir, tiers, ...options }, openHost === undefined ? {} : { openHost });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
