// Packs every public package and looks at the tarball the way its users will: publint, types, contents.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectEnv, run } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'mex-pack-'));
let failed = false;

for (const floor of ['packages', 'engines']) {
  for (const name of readdirSync(join(root, floor))) {
    const dir = join(root, floor, name);
    const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
    if (manifest.private) continue;
    run('publint', ['--strict', '--level', 'warning'], { cwd: dir });
    const tarball = pack(dir);
    const typed = Object.values(manifest.exports ?? {}).some((target) => typeof target === 'object' && target.types);
    if (typed) run('attw', ['--profile', 'esm-only', '-q', '--no-color', tarball]);
    failed = checkContents(manifest, tarball) || failed;
  }
}
rmSync(out, { recursive: true, force: true });
if (failed) process.exit(1);
console.log('packages: every tarball has what its manifest names, and nothing it should not');

function pack(dir) {
  const text = execFileSync('pnpm', ['pack', '--json', '--pack-destination', out], {
    cwd: dir,
    env: projectEnv(),
    encoding: 'utf8',
  });
  return JSON.parse(text.slice(text.indexOf('{'))).filename;
}

function checkContents(manifest, tarball) {
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n');
  const wanted = ['package/README.md', ...targets(manifest.exports), ...targets(manifest.bin)];
  const missing = wanted.filter((file) => !file.includes('*') && !files.includes(file));
  const stray = files.filter((file) => /^package\/(test|src)\/|\/(node_modules|\.mex)\//.test(file));
  for (const file of missing) console.error(`${manifest.name}: ${file} is not in the tarball`);
  for (const file of stray.slice(0, 3)) console.error(`${manifest.name}: ${file} should not be in the tarball`);
  return missing.length > 0 || stray.length > 0;
}

/** Files that an `exports` or `bin` map names, without the source condition. */
function targets(map) {
  if (map === undefined) return [];
  if (typeof map === 'string') return [map.replace(/^\.\//, 'package/')];
  return Object.entries(map).flatMap(([key, value]) => (key === '@mex/source' ? [] : targets(value)));
}
