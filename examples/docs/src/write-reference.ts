// Writes docs/reference from its sources: npm run reference. With --check it writes nothing, and fails when a page differs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPages } from './reference/pages.ts';
import { ROOT } from './reference/read.ts';

const folder = join(ROOT, 'docs/reference');
const pages = new Map([...renderPages()].map(([name, text]) => [name, layOut(name, `${text}\n`)]));

if (process.argv.includes('--check')) {
  const stale = [...pages].filter(([name, text]) => readPage(name) !== text).map(([name]) => name);
  const extra = existsSync(folder) ? readdirSync(folder).filter((name) => !pages.has(name)) : [];
  for (const name of stale) console.error(`docs/reference/${name} is not what its source says; run npm run reference`);
  for (const name of extra) console.error(`docs/reference/${name} is written by nobody; remove it`);
  if (stale.length + extra.length > 0) process.exit(1);
} else {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
}
console.log(`docs/reference: ${pages.size} pages`);

/** As every Markdown file of the repository is laid out. */
function layOut(name: string, text: string): string {
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const args = ['format', `--stdin-file-path=docs/reference/${name}`];
  return execFileSync(biome, args, { cwd: ROOT, input: text, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
}

function readPage(name: string): string {
  return existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
}
