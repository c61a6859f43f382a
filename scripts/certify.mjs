// `npm run certify`: certifies every engine of this repository in a temporary home, and fails when one is not (CONTRACT §15).
// Arguments go to `mex certify`, e.g. --tier thread.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, ensureSandbox, install } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const options = process.argv.slice(2);

/** Runs `mex` and answers with its document. */
function mex(home, ...args) {
  const command = ['--format', 'json', '--home', home, ...args];
  const { status, stdout, error } = spawnSync('./mex', command, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw new Error(`could not run ${join(root, 'mex')}: ${error.message}`);
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`mex ${args.join(' ')} ended with ${status} and no document`);
  }
}

/** What `mex certify` says of one engine, for a person. */
function print({ engine_id, certified, error, report }) {
  if (report === undefined) {
    console.log(`✗ ${engine_id ?? ''}  ${error?.message ?? 'no report'} ${error?.remedy ?? ''}`);
    return;
  }
  const { counts, cases, tiers, duration_ms, operations } = report;
  const tested = tiers.flatMap(({ name, state }) => (state === 'tested' ? [name] : []));
  const facts = [
    `${counts.passed} passed`,
    `${counts.failed + counts.skipped} not`,
    `${counts.not_applicable} not applicable`,
    tested.join(' and '),
    `${operations} operations`,
    `${(duration_ms / 1000).toFixed(1)} s`,
  ];
  console.log(`${certified ? '✓' : '✗'} ${engine_id}  ${facts.join(', ')}`);
  for (const { id, title, findings } of cases.filter(({ status }) => status === 'failed')) {
    console.log(`    ${id}: ${title}`);
    for (const { what, where, remedy } of findings)
      console.log(`      ${what} ${JSON.stringify(where ?? {})}\n      → ${remedy ?? ''}`);
  }
}

/** Folders of `engines/`, by the id in the manifest that was built. */
function builtEngines() {
  return readdirSync(join(root, 'engines'))
    .map((name) => ({ dir: `engines/${name}`, manifest: join(root, 'engines', name, 'dist/manifest.json') }))
    .filter(({ manifest }) => existsSync(manifest))
    .map(({ dir, manifest }) => ({ dir, id: JSON.parse(readFileSync(manifest, 'utf8')).engine_id }));
}

function certifyAll(home) {
  // Those that come with mex in one process; the others as their authors would.
  const { engines } = mex(home, 'certify', '--all', ...options);
  for (const one of engines) print(one);
  const known = new Set(engines.map(({ engine_id }) => engine_id));
  const others = builtEngines().filter(({ id }) => !known.has(id));
  const more = others.map(({ dir, id }) => ({ engine_id: id, ...mex(home, 'certify', dir, ...options) }));
  for (const one of more) print(one);
  return [...engines, ...more];
}

install();
ensureSandbox();
build();
// Outside of the checkout, and no home of anybody's: what is certified here is trusted by nobody.
const home = mkdtempSync(join(tmpdir(), 'mex-certify-'));
try {
  const engines = certifyAll(home);
  const certified = engines.filter((one) => one.certified === true);
  console.log(`${certified.length} of ${engines.length} engines certified`);
  process.exitCode = certified.length === engines.length ? 0 : 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
