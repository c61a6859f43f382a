import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readText } from '../src/file-text.ts';
import { secretsIn } from '../src/finding.ts';
import { collectBlobs } from '../src/history/collect-blobs.ts';
import { GapList } from '../src/history/gaps.ts';
import { Inflater } from '../src/history/inflater.ts';
import { ObjectCache } from '../src/history/object-cache.ts';
import { ObjectDatabase } from '../src/history/object-database.ts';
import { readRepository } from '../src/history/read-repository.ts';
import { scanHistory } from '../src/history/scan-history.ts';
import { walkCommits } from '../src/history/walk-commits.ts';
import { WorkMeter } from '../src/history/work-meter.ts';
import { TreeMemory } from '../src/tree-memory.ts';

/**
 * Reads and scans the history of one repository with this engine's own code, and with `git cat-file` in its place: the
 * same disk, this process, in turns. Prints medians, and the highest memory of the process.
 *
 *   node --conditions=@mex/source bench/history.ts <directory of a repository, such as .git>
 */
const [root = '.git'] = process.argv.slice(2);
const ROUNDS = 5;
const BOUNDS = { maxCommits: 1e6, maxBlobs: 2e6, maxBytes: 2 ** 36, room: 10_000, maxFileBytes: 2 ** 24 };

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: relative(root, path), size: statSync(path).size }));
const repository = { files, read: async (path: string) => new Uint8Array(readFileSync(join(root, path))) };

/** Every blob that a ref leads to, held against its name; nothing is looked for. */
async function read(): Promise<string> {
  const gaps = new GapList();
  const opened = await readRepository(repository, gaps);
  if (opened === undefined) throw new Error('the repository is too large');
  const tools = { inflater: new Inflater(), cache: new ObjectCache(), meter: new WorkMeter(BOUNDS.maxBytes) };
  const database = new ObjectDatabase(opened.database, tools);
  const onMessage = () => undefined;
  const { stops } = walkCommits({
    database,
    gaps,
    onMessage,
    ...BOUNDS,
    shallow: opened.shallow,
    refs: opened.refs.refs,
  });
  const { blobs } = collectBlobs({ database, stops, gaps, maxBlobs: BOUNDS.maxBlobs });
  const sorted = blobs.map(({ object }) => object).sort((a, b) => database.placeOf(a) - database.placeOf(b));
  let bytes = 0;
  for (const object of sorted) bytes += database.read(object, 2 ** 26).content.length;
  return `${blobs.length} blobs, ${bytes} bytes, ${gaps.list().length} gaps`;
}

async function readAndScan(): Promise<string> {
  const scan = await scanHistory(repository, new TreeMemory(), { ...BOUNDS, minConfidence: 'low' });
  return `${scan.blobs} blobs of ${scan.commits} commits, ${scan.found.list(new Set()).length} secrets`;
}

/** All objects, reachable or not, and without the paths that a scan has to know. */
function byGit(onBlob: (content: Uint8Array) => void): string {
  const args = ['--git-dir', root, 'cat-file', '--batch-all-objects', '--batch', '--unordered'];
  const output = execFileSync('git', args, { maxBuffer: 2 ** 32 });
  let [blobs, bytes] = [0, 0];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at);
    const [, type, size] = output.subarray(at, end).toString().split(' ');
    const content = output.subarray(end + 1, end + 1 + Number(size));
    at = end + 2 + content.length;
    if (type !== 'blob') continue;
    blobs += 1;
    bytes += content.length;
    onBlob(content);
  }
  return `${blobs} blobs, ${bytes} bytes`;
}

function scanOne(content: Uint8Array): void {
  const text = readText(content);
  if (text.kind === 'text') secretsIn('a.ts', text.text, 'low');
}

const contenders: readonly [string, () => Promise<string>][] = [
  ['read', read],
  ['git cat-file', async () => byGit(() => undefined)],
  ['read and scan', readAndScan],
  ['git cat-file, and scan', async () => byGit(scanOne)],
];
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const times = new Map(contenders.map(([name]) => [name, { wall: [] as number[], cpu: [] as number[] }]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, run] of contenders) {
    const [from, cpu] = [performance.now(), process.cpuUsage()];
    const said = await run();
    if (round === 0) console.log(`${name}: ${said}`);
    const { user, system } = process.cpuUsage(cpu);
    if (round > 0) times.get(name)?.wall.push(performance.now() - from);
    if (round > 0) times.get(name)?.cpu.push((user + system) / 1_000);
  }
}
for (const [name, { wall, cpu }] of times)
  console.log(
    `${name}: ${median(wall).toFixed(0)} ms, ${median(cpu).toFixed(0)} ms of this process (medians of ${ROUNDS})`,
  );
console.log(`at most ${(process.resourceUsage().maxRSS / 1_024).toFixed(0)} MiB`);
