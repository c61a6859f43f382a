import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { limitRow } from '../runner/row.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const LAUNCHER = join(ROOT, 'mex');
/** Ecosystems of this repository need only npm; how fast matching is does not depend on what else there is. */
const ADVISORIES = 4_000;

/** A whole process from start to end: all four checks over this repository, everything warm, and scanned every time; beside it a scan that is served, and the SBOM alone. */
export const scan: Case = () =>
  withDirectory('scan', async (dir) => {
    const home = join(dir, 'home');
    await run(['db', 'import', writeAdvisories(join(dir, 'osv')), '--home', home]);
    const seconds = (...more: string[]) =>
      timed(() => run(['scan', ROOT, '--format', 'json', '--home', home, ...more]));
    const { all, again, bill, secrets } = await takeTurns(
      {
        all: async () => (await seconds('--no-cache')) / 1_000,
        again: async () => (await seconds()) / 1_000,
        bill: async () => (await seconds('--no-cache', '--only', 'sbom')) / 1_000,
        secrets: async () => (await seconds('--no-cache', '--only', 'secret')) / 1_000,
      },
      { warmup: 1, rounds: 5 },
    );
    return [
      limitRow('all four checks of this repository', all, 's', { relation: '≤', value: 2 }),
      limitRow('the same tree again: served from the cache', again, 's'),
      limitRow('of it the SBOM alone', bill, 's'),
      limitRow('of it the secrets alone', secrets, 's'),
    ];
  });

/** OSV records of today, none of which speaks of anything that is installed. */
function writeAdvisories(dir: string): string {
  mkdirSync(dir, { recursive: true });
  const modified = new Date().toISOString();
  const records = Array.from({ length: ADVISORIES }, (_, index) => ({
    id: `BENCH-${index}`,
    modified,
    summary: 'Made for a measurement',
    affected: [
      {
        package: { ecosystem: 'npm', name: `bench-${index}` },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
      },
    ],
  }));
  writeFileSync(join(dir, 'records.ndjson'), records.map((record) => JSON.stringify(record)).join('\n'));
  return dir;
}

/** @throws Error when the command does not end with 0: a scan that did not pass has not done all its work */
async function run(args: readonly string[]): Promise<void> {
  const child = spawn(LAUNCHER, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`mex ${args.join(' ')} ended with ${code}: ${said.slice(0, 2_000)}`);
}
