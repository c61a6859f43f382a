import { join } from 'node:path';
import { engine as license } from '@mex/engine-license';
import { engine as sbom } from '@mex/engine-sbom';
import { engine as secret } from '@mex/engine-secret-scan';
import { engine as vuln } from '@mex/engine-vuln';
import type { SupplyChainFinding } from '@mex/envelope';
import { type Host, openHost } from '@mex/host';
import { parseOnly } from '../../src/scan/checks.ts';
import { runScan, type ScanOutcome } from '../../src/scan/run-scan.ts';
import { loadScanPolicy } from '../../src/scan/scan-policy.ts';
import { openTarget } from '../../src/scan/scan-target.ts';

/** A host with the engines that are shipped, in this process: starting one for every scan would take most of the time. */
export function openTestHost(dir: string): Promise<Host> {
  return openHost({
    home: join(dir, 'home'),
    engines: [sbom, vuln, license, secret],
    caller: { id: 'test:scan', kind: 'system' },
  });
}

export interface TestScan {
  readonly release?: boolean;
  readonly history?: boolean;
  readonly osv?: string;
  readonly policy?: string;
  readonly only?: string;
  readonly cache?: 'use' | 'bypass';
}

/** What `mex scan` does between its command line and its output. */
export async function scanDirectory(host: Host, dir: string, options: TestScan = {}): Promise<ScanOutcome> {
  const target = openTarget(dir);
  return runScan(host, {
    target,
    checks: parseOnly(options.only),
    release: options.release ?? false,
    history: options.history ?? false,
    policy: await loadScanPolicy(options.policy, host.home, target.root),
    osv: options.osv,
    signal: new AbortController().signal,
    cache: options.cache ?? 'use',
    onProgress: () => undefined,
  });
}

/** Verdict and codes of the fatal Problems, the way a release is told. */
export function told({ verdict, problems }: ScanOutcome): { verdict: string; fatal: string[] } {
  const fatal = problems.filter(({ severity }) => severity === 'fatal').map(({ code }) => code);
  return { verdict, fatal: [...new Set(fatal)].sort() };
}

/** What one check reported. */
export function findingsOf({ checks }: ScanOutcome, job: string): readonly SupplyChainFinding[] {
  return checks.find(({ check }) => check.job === job)?.report?.findings ?? [];
}
