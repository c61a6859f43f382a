import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { engine } from '@mex/engine-context';
import type { ArtifactHandle } from '@mex/envelope';
import { DEFAULT_POLICY, type Host, openHost } from '@mex/host';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { limitRow, type Row, ratioRow } from '../runner/row.ts';

const FILES = 2_000;
const PLAN = { warmup: 1, rounds: 5 };

/** What is sought, for us and for git. */
const QUERIES = [
  { name: 'a text', params: { pattern: 'needle_7' }, args: ['-F', '-e', 'needle_7'] },
  {
    name: 'an expression',
    params: { pattern: 'needle_[0-9]+\\(', syntax: 'regex' },
    args: ['-E', '-e', 'needle_[0-9]+\\('],
  },
  {
    name: 'an expression, any case',
    params: { pattern: 'NEEDLE_[0-9]+', syntax: 'regex', ignore_case: true },
    args: ['-i', '-E', '-e', 'NEEDLE_[0-9]+'],
  },
] as const;

/** A search of 2,000 files as a governed operation, beside a process of git that reads the same files. */
export const search: Case = () =>
  withDirectory('search', async (dir) => {
    const tree = join(dir, 'tree');
    writeTree(tree);
    const host = await openHost({
      home: join(dir, 'home'),
      engines: [engine],
      // Each search runs: what was found before is not served again.
      policy: { ...DEFAULT_POLICY, quota: { maxPerMinute: 1_000_000 }, resultCache: 'off' },
    });
    try {
      const { handle } = await host.artifacts.pinDirectory(tree);
      const rows: Row[] = [];
      for (const { name, params, args } of QUERIES) {
        let [ourLines, theirLines] = [0, 0];
        const { ours, peer } = await takeTurns(
          {
            ours: () => timed(async () => (ourLines = await searchOnce(host, handle, params))),
            peer: () => timed(async () => (theirLines = await gitGrep(tree, args))),
          },
          PLAN,
        );
        if (ourLines !== theirLines || ourLines === 0) throw new Error(`${name}: ${ourLines} lines, git ${theirLines}`);
        const promise = `search of 2,000 files for ${name}`;
        rows.push(ratioRow({ promise, ours, peer, peerName: 'git grep', unit: 'ms', figure: 'time' }));
      }
      const pins = await takeTurns({ pin: () => timed(() => host.artifacts.pinDirectory(tree)) }, PLAN);
      return [...rows, limitRow('pinning the 2,000 files', pins.pin, 'ms')];
    } finally {
      await host.close();
    }
  });

async function searchOnce(
  host: Host,
  tree: ArtifactHandle,
  params: Readonly<Record<string, unknown>>,
): Promise<number> {
  const plan = { engineId: 'engine.context', operation: 'context.search', inputs: [tree] };
  const result = await host.execute(host.plan({ ...plan, params: { ...params, max_results: 10_000 } }));
  const found: unknown = result.summary?.['matching_lines'];
  if (result.status !== 'succeeded' || typeof found !== 'number')
    throw new Error(`search ${result.status}: ${JSON.stringify(result.errors)}`);
  return found;
}

/** @returns matching lines */
async function gitGrep(tree: string, args: readonly string[]): Promise<number> {
  const child = spawn('git', ['grep', '--no-index', '-n', '-I', ...args], {
    cwd: tree,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let lines = 0;
  child.stdout.on('data', (bytes: Buffer) => {
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`git grep ended with ${code}`);
  return lines;
}

/** Text that looks like a project, the same every time: 40 to 200 lines a file, a needle in every tenth. */
function writeTree(root: string): void {
  let state = 1;
  const next = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * n);
  };
  const lines = [
    () => `export function read${next(999)}(path: string, options = {}): Promise<number> {`,
    () => `  const entry = await store.get(config.directory + ${next(99)});`,
    () => `  // What is kept is never shown; see section ${next(99)} of the manual.`,
    () => `  if (result.count === ${next(9_999)}) return ${next(9_999)};`,
    () => '}',
    () => '',
  ];
  for (let file = 0; file < FILES; file++) {
    const text = Array.from({ length: 40 + next(160) }, () => lines[next(lines.length)]?.() ?? '');
    if (file % 10 === 0) text.splice(next(text.length), 0, `  needle_${next(10)}(options);`);
    const folder = join(root, `part-${file % 20}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${file}.ts`), `${text.join('\n')}\n`);
  }
}
