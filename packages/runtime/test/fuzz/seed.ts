import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeEngine } from '../fixture.ts';

/** A valid document, where every mutation starts. What once found a fault is added to `seeds/`. */
export function seedText(name: 'operation' | 'reply'): string {
  return readFileSync(new URL(`./seeds/${name}.json`, import.meta.url), 'utf8').trim();
}

/** A valid call of every kind, of session 7. */
export function seedCalls(): string[] {
  const calls: unknown = JSON.parse(readFileSync(new URL('./seeds/calls.json', import.meta.url), 'utf8'));
  return Array.isArray(calls) ? calls.map((call) => JSON.stringify(call)) : [];
}

/** A manifest as the build writes it, and a registry that names it. */
export function seedManifest(): { manifest: string; registry: string } {
  const dir = mkdtempSync(join(tmpdir(), 'mex-fuzz-'));
  const { manifest } = makeEngine(dir, 'engine.test.unit', { 'test.echo': '' });
  rmSync(dir, { recursive: true });
  const entry = { manifest, bundle_path: 'engine.test.unit.bundle' };
  return {
    manifest: JSON.stringify(manifest),
    registry: JSON.stringify({ schema_version: 'mex.registry@1.0', engines: { 'engine.test.unit': [entry] } }),
  };
}

/** `MEX_FUZZ_CASES` are shared out among the properties; without it, each has a short run. */
const PROPERTIES = 8;
const asked = Number(process.env['MEX_FUZZ_CASES']);
export const IS_LONG = asked > 0;

/** @param short cases that take about a second */
export function fuzzRun(short: number): { numRuns: number; seed: number; endOnFailure: boolean } {
  const seed = Number(process.env['MEX_FUZZ_SEED'] ?? 20_261_121);
  return { numRuns: IS_LONG ? Math.ceil(asked / PROPERTIES) : short, seed, endOnFailure: true };
}

/** Ms that one property may take. */
export const FUZZ_TIMEOUT_MS = IS_LONG ? 24 * 60 * 60 * 1_000 : 30_000;
