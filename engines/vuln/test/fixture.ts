import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importAdvisories } from '@mex/advisories';
import { revealEngine } from '@mex/engine-sdk/bundle';
import engine from '../src/engine.ts';
import { type OperationRun, runOperation } from './bundled-engine.ts';

export const TIMESTAMP = '2026-06-01T00:00:00Z';

/** An OSV record; `[0, 2.0.0)` of one npm package unless said otherwise. */
export function advisory(id: string, name: string, more: object = {}, entry: object = {}): object {
  return {
    id,
    modified: '2026-05-20T00:00:00Z',
    summary: `Something about ${name}`,
    affected: [
      {
        package: { ecosystem: 'npm', name },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
        ...entry,
      },
    ],
    ...more,
  };
}

/** The snapshot of some records, as `mex db import` would make it. */
export async function snapshotOf(records: readonly object[]): Promise<Uint8Array> {
  const dir = mkdtempSync(join(tmpdir(), 'mex-vuln-'));
  try {
    const file = join(dir, 'records.ndjson');
    writeFileSync(file, records.map((one) => JSON.stringify(one)).join('\n'));
    return (await importAdvisories([file], { now: TIMESTAMP })).snapshot;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export interface TestComponent {
  readonly purl?: string;
  readonly name?: string;
  readonly version?: string;
  readonly [member: string]: unknown;
}

/** A CycloneDX document: the root depends on every component unless `dependencies` says otherwise. */
export function sbomOf(components: readonly TestComponent[], more: object = {}): object {
  const listed = components.map((one) => {
    const tail =
      (one.purl ?? '')
        .replace(/[?#].*$/, '')
        .split('/')
        .pop() ?? '';
    const at = tail.lastIndexOf('@');
    const name = at < 0 ? tail : tail.slice(0, at);
    return {
      type: 'library',
      'bom-ref': one.purl ?? one.name,
      name,
      ...(at < 0 ? {} : { version: tail.slice(at + 1) }),
      ...one,
    };
  });
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.7',
    serialNumber: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': 'root',
        name: 'app',
        version: '1.0.0',
        properties: [{ name: 'mex:lockfile', value: 'web/package-lock.json' }],
      },
    },
    components: listed,
    dependencies: [{ ref: 'root', dependsOn: listed.map((one) => one['bom-ref']) }],
    ...more,
  };
}

export interface ScanInputs {
  readonly sbom: object | Uint8Array;
  readonly database?: Uint8Array;
  readonly allowLists?: readonly (object | string)[];
  readonly params?: object;
  /** Members of the context that the others do not need. */
  readonly context?: object;
}

/** Runs `vuln.scan` from the sources. */
export async function scan({
  sbom,
  database,
  allowLists = [],
  params = {},
  context = {},
}: ScanInputs): Promise<OperationRun> {
  const inputs = [sbom, ...(database === undefined ? [] : [database]), ...allowLists].map((one, index) => {
    const bytes =
      one instanceof Uint8Array ? one : new TextEncoder().encode(typeof one === 'string' ? one : JSON.stringify(one));
    return { kind: 'file', sha256: String(index).repeat(64), size: bytes.length, bytes: async () => bytes };
  });
  return runOperation(
    revealEngine(engine).operations,
    'vuln.scan',
    inputs,
    { timestamp: TIMESTAMP, ...params },
    context,
  );
}

export interface Report {
  readonly findings: readonly {
    readonly id: string;
    readonly code: string;
    readonly severity: string;
    readonly title: string;
    readonly component?: string;
    readonly properties: Readonly<Record<string, unknown>>;
  }[];
}

export function reportOf({ outputs }: OperationRun): Report {
  return JSON.parse(outputs.get('report.json') ?? '{}');
}

export const HIGH = { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' }] };
export const CRITICAL = { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] };
export const MEDIUM = { database_specific: { severity: 'MODERATE' } };
