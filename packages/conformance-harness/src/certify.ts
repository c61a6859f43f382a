import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { openHost } from '@mex/host';
import { findJailTools } from '@mex/runtime';
import { Chance } from './chance.ts';
import { type EngineUnderTest, readEngine } from './engine-under-test.ts';
import { conformanceError } from './errors.ts';
import { Lab } from './lab/lab.ts';
import { type CaseResult, type ConformanceReport, reportChecker } from './report.ts';
import type { CertifiedTier, CertifyRequest } from './request.ts';
import { loadRequirements, type Requirements } from './requirement-set.ts';
import { type CaseRun, idleResult, runCase } from './run-case.ts';

/** What the self-test puts in place of the real thing. */
export interface CertifyPowers {
  readonly openHost?: typeof openHost;
}

const TIERS: readonly CertifiedTier[] = ['thread', 'process'];
const NOT_ASKED = 'It was not asked for.';

/**
 * Certifies an engine: every case, through a real host in a temporary home, in every tier (CONTRACT §15). What the engine
 * does wrong is in the report.
 * @throws MexError `CONFORMANCE_ENGINE_UNREADABLE`, `CONFORMANCE_TIER_UNAVAILABLE`, `CONFORMANCE_CASES_INVALID`; the reason
 *   of `signal`
 */
export function certify(request: CertifyRequest): Promise<ConformanceReport> {
  return certifyWith(request, {});
}

/** `certify` with other powers: for the self-test of this package alone. */
export async function certifyWith(request: CertifyRequest, powers: CertifyPowers): Promise<ConformanceReport> {
  request.signal?.throwIfAborted();
  const requirements = loadRequirements(request.resources);
  const copyDir = mkdtempSync(join(request.scratch ?? tmpdir(), 'mex-conformance-engine-'));
  try {
    const engine = readEngine(request, copyDir);
    return await certifyEngine(engine, requirements, chooseTiers(request, engine), request, powers);
  } finally {
    rmSync(copyDir, { recursive: true, force: true });
  }
}

async function certifyEngine(
  engine: EngineUnderTest,
  requirements: Requirements,
  tiers: readonly CertifiedTier[],
  request: CertifyRequest,
  powers: CertifyPowers,
): Promise<ConformanceReport> {
  const startedAt = new Date();
  const begun = performance.now();
  const chance = new Chance(request.seed);
  const labs = tiers.map((tier) => createLab(engine, tier, request, powers));
  try {
    await Promise.all(labs.map((lab) => lab.open()));
    const cases = await runCases(requirements, { engine, labs, chance }, request);
    const facts = {
      startedAt,
      durationMs: performance.now() - begun,
      operations: sum(labs.map((lab) => lab.operations)),
      seed: chance.seed,
    };
    return writeReport(requirements, engine, tiers, cases, facts);
  } finally {
    const closed = await Promise.all(labs.map((lab) => lab.close()));
    if (closed.includes(true)) request.onStuck?.();
  }
}

function createLab(engine: EngineUnderTest, tier: CertifiedTier, request: CertifyRequest, powers: CertifyPowers): Lab {
  const { threadEntry, processProgram, scratch, signal } = request;
  return new Lab({
    engine,
    tier,
    signal,
    ...(scratch === undefined ? {} : { scratch }),
    ...powers,
    host: {
      ...(threadEntry === undefined ? {} : { threadEntry }),
      ...(processProgram === undefined ? {} : { processProgram }),
    },
  });
}

/**
 * Why an engine cannot be run in a tier on this machine; `undefined` where it can. Whether the tier holds is proven when it
 * is used.
 */
function unavailable(
  tier: CertifiedTier,
  { manifest }: EngineUnderTest,
): { missing: string; remedy: string } | undefined {
  if (tier === 'thread') {
    // No policy makes it run there, so there is nothing to certify.
    if (manifest.webassembly === undefined) return undefined;
    const missing = `${manifest.engine_id} runs WebAssembly, which only the process tier serves`;
    return { missing, remedy: 'Certify it in the process tier.' };
  }
  const tools = findJailTools();
  return 'missing' in tools ? { missing: tools.missing, remedy: tools.remedy } : undefined;
}

function chooseTiers({ tiers: wanted }: CertifyRequest, engine: EngineUnderTest): CertifiedTier[] {
  const absent = (wanted ?? TIERS).flatMap((tier) => {
    const why = unavailable(tier, engine);
    return why === undefined ? [] : [{ tier, ...why }];
  });
  const there = TIERS.filter((tier) => (wanted ?? TIERS).includes(tier) && !absent.some((one) => one.tier === tier));
  // A tier that nobody asked for may be missing, as long as there is one.
  const lacking = absent.at(-1);
  if (lacking === undefined || (wanted === undefined && there.length > 0)) return there;
  const message = `The ${lacking.tier} tier is not available here: ${lacking.missing}`;
  throw conformanceError('CONFORMANCE_TIER_UNAVAILABLE', 'sandbox', message, lacking.remedy);
}

/** The wanted cases and what they build on, in order; the others are skipped. */
async function runCases(
  { cases, expectedFailures }: Requirements,
  { engine, labs, chance }: Pick<CaseRun, 'engine' | 'labs' | 'chance'>,
  { only, signal, onProgress }: CertifyRequest,
): Promise<CaseResult[]> {
  const wanted = new Set(only ?? cases.map(({ id }) => id));
  for (const one of cases.toReversed()) if (wanted.has(one.id)) for (const id of one.builds_on) wanted.add(id);
  onProgress?.({ kind: 'started', cases: cases.length, tiers: labs.map(({ tier }) => tier) });
  const results = new Map<string, CaseResult>();
  const onTier: CaseRun['onTier'] = ({ id, title }, tier) => onProgress?.({ kind: 'case-started', id, title, tier });
  for (const one of cases) {
    const result = wanted.has(one.id)
      ? await runCase(one, { engine, labs, chance, expectedFailures, signal, onTier, results })
      : idleResult(one, 'skipped', NOT_ASKED);
    results.set(one.id, result);
    onProgress?.({ kind: 'case-ended', result, done: results.size, cases: cases.length });
  }
  return [...results.values()];
}

function writeReport(
  { set, sha256, cases: all }: Requirements,
  engine: EngineUnderTest,
  tested: readonly CertifiedTier[],
  cases: readonly CaseResult[],
  {
    startedAt,
    durationMs,
    operations,
    seed,
  }: { startedAt: Date; durationMs: number; operations: number; seed: string },
): ConformanceReport {
  const { manifest, vectors } = engine;
  const count = (status: CaseResult['status']): number => cases.filter((one) => one.status === status).length;
  const counts = {
    passed: count('passed'),
    failed: count('failed'),
    expected_failure: count('expected_failure'),
    skipped: count('skipped'),
    not_applicable: count('not_applicable'),
  };
  const golden = vectors.filter(({ kind }) => kind === 'golden').length;
  const report: ConformanceReport = {
    schema_version: 'mex.conformance_report@1.0',
    verdict: counts.failed + counts.expected_failure + counts.skipped === 0 ? 'passed' : 'failed',
    complete: cases.length === all.length && !cases.some(({ reason }) => reason === NOT_ASKED),
    engine: {
      engine_id: manifest.engine_id,
      engine_version: manifest.engine_version,
      bundle_sha256: engine.bundleSha256,
      manifest_sha256: engine.manifestSha256,
    },
    contract_version: set.contract_version,
    harness: { version: set.harness_version, requirements_sha256: sha256 },
    vectors: { sha256: engine.vectorsSha256, count: vectors.length, golden, reject: vectors.length - golden },
    tiers: TIERS.map((name) => describeTier(name, tested, engine)),
    environment: {
      runtime: 'node',
      runtime_version: process.versions.node,
      os: process.platform,
      arch: process.arch,
    },
    started_at: startedAt.toISOString(),
    ended_at: new Date().toISOString(),
    duration_ms: Math.round(durationMs),
    operations,
    seed,
    counts,
    cases: [...cases],
  };
  return reportChecker.parse(report, 'The conformance report');
}

function describeTier(
  name: CertifiedTier,
  tested: readonly CertifiedTier[],
  engine: EngineUnderTest,
): ConformanceReport['tiers'][number] {
  if (tested.includes(name)) return { name, state: 'tested' };
  const absent = unavailable(name, engine);
  return absent === undefined ? { name, state: 'not_asked' } : { name, state: 'unavailable', reason: absent.missing };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
