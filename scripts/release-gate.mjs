// The release gate of MEX, held against MEX itself: supply-chain/README.md says with what. Arguments go to `mex scan`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, install } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const advisories = join(root, '../shared/data/osv/npm-ghsa.ndjson.gz');

function mex(...args) {
  const { status, error } = spawnSync('./mex', args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(`mex: could not run ${join(root, 'mex')}: ${error.message}`);
  return status ?? 1;
}

install();
build();
if (!existsSync(advisories)) {
  console.error(
    'mex: there are no advisories beside the checkout (../shared/data/osv), so the gate cannot say anything.',
  );
  process.exit(1);
}
// Outside of the checkout: what is scanned must not decide.
const home = mkdtempSync(join(tmpdir(), 'mex-release-gate-'));
const policy = ['--policy', 'supply-chain/scan-policy.json'];
const status =
  mex('db', 'import', advisories, '--home', home) ||
  mex('scan', '.', '--release', ...policy, '--home', home, ...process.argv.slice(2));
rmSync(home, { recursive: true, force: true });
process.exit(status);
