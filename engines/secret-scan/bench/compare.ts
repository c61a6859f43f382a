import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { scanTree } from '../src/scan-tree.ts';

/**
 * Scans one tree with this engine's own code and, where the directory of an installation is given, with secretlint and its
 * recommended preset: the same files, read from the same disk, in this process, in turns. Prints medians.
 *
 *   node --conditions=@mex/source bench/compare.ts [directory] [directory with node_modules/@secretlint]
 */
const [given, installation] = process.argv.slice(2);
const ROUNDS = 5;
const FILES = 2_000;

/** Text that looks like a project: code, prose, JSON with digests, a token now and then. */
function makeTree(): string {
  const root = mkdtempSync(join(tmpdir(), 'mex-secrets-'));
  let state = 1;
  const next = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * n);
  };
  const hex = (length: number) => Array.from({ length }, () => '0123456789abcdef'.charAt(next(16))).join('');
  const lines = [
    () => `export function read${next(999)}(token: string, options = {}): Promise<number> {`,
    () => `  const key = await store.get(config.cacheKey + ${next(99)});`,
    () => `  // The password is never shown; see section ${next(99)} of the manual.`,
    () => `    "integrity": "sha512-${Buffer.from(hex(64)).toString('base64')}",`,
    () => `  if (result.commit === '${hex(40)}') return ${next(9_999)};`,
    () => '}',
    () => '',
  ];
  for (let file = 0; file < FILES; file++) {
    const count = 40 + next(160);
    const text = Array.from({ length: count }, () => lines[next(lines.length)]?.() ?? '');
    if (file % 50 === 0) text.push(`const token = 'gh${'p_'}${hex(36)}';`);
    writeFileSync(join(root, `file-${file}.ts`), text.join('\n'));
  }
  return root;
}

const root = given === undefined || given === '' ? makeTree() : given;
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => !/(?:^|\/)(?:node_modules|\.git)\//.test(path))
  .map((path) => ({ path, size: statSync(join(root, path)) }))
  .filter(({ size }) => size.isFile())
  .map(({ path, size }) => ({ path, size: size.size }))
  .slice(0, FILES);
const bytes = files.reduce((sum, { size }) => sum + size, 0);

async function ours(): Promise<number> {
  const tree = { files, read: async (path: string) => readFileSync(join(root, path)) };
  const { found } = await scanTree(tree, { minConfidence: 'low', maxFileBytes: 2 ** 24, includeIgnored: true });
  return found.length;
}

async function theirs(): Promise<(() => Promise<number>) | undefined> {
  if (installation === undefined) return undefined;
  const at = (name: string) => pathToFileURL(join(installation, 'node_modules', '@secretlint', name)).href;
  const load = async (name: string) => {
    const { exports, main, module } = JSON.parse(readFileSync(new URL(`${at(name)}/package.json`), 'utf8'));
    const entry =
      exports?.['.']?.import?.default ?? exports?.['.']?.import ?? exports?.['.']?.default ?? module ?? main;
    return import(new URL(entry, `${at(name)}/`).href);
  };
  const { lintSource } = await load('core');
  const { creator } = await load('secretlint-rule-preset-recommend');
  const config = { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator }] };
  return async () => {
    let found = 0;
    for (const { path } of files) {
      const content = readFileSync(join(root, path), 'utf8');
      const source = { filePath: path, content, contentType: 'text', ext: path.slice(path.lastIndexOf('.')) };
      found += (await lintSource({ source, options: { config, maskSecrets: true } })).messages.length;
    }
    return found;
  };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const contenders: [string, () => Promise<number>][] = [['secret-scan', ours]];
const peer = await theirs();
if (peer !== undefined) contenders.push(['secretlint', peer]);
const times = new Map(contenders.map(([name]) => [name, [] as number[]]));
console.log(`${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, run] of contenders) {
    const from = performance.now();
    const found = await run();
    if (round === 0) console.log(`${name}: ${found} findings`);
    else times.get(name)?.push(performance.now() - from);
  }
}
for (const [name, values] of times) console.log(`${name}: ${median(values).toFixed(0)} ms (median of ${ROUNDS})`);
if (peer !== undefined)
  console.log(`ratio: ${(median(times.get('secretlint') ?? []) / median(times.get('secret-scan') ?? [])).toFixed(1)}`);
if (root !== given) rmSync(root, { recursive: true });
