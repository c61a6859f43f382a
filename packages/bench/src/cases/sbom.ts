import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { type Contender, type RoundPlan, takeTurns, timed } from '../runner/rounds.ts';
import { limitRow, type Row, ratioRow } from '../runner/row.ts';
import { summarize } from '../runner/statistics.ts';
import { writeLockfile } from './lockfile.ts';

const LAUNCHER = fileURLToPath(new URL('../../../../mex', import.meta.url));
const CYCLONEDX = fileURLToPath(new URL('bin/cyclonedx-npm-cli.js', import.meta.resolve('@cyclonedx/cyclonedx-npm')));
const SMALL = 500;
const LARGE = 5_000;
const QUIET = '--loglevel=error';

type Peer = 'npm' | 'cyclonedx';
const PEER_NAMES = { npm: 'npm sbom', cyclonedx: 'cyclonedx-npm, not validating' } as const;

/** A whole process from start to end: an SBOM of a generated lockfile, beside the two tools that npm users have. */
export const sbom: Case = () =>
  withDirectory('sbom', async (dir) => {
    const small = await compare(dir, SMALL, ['npm', 'cyclonedx'], { warmup: 1, rounds: 7 });
    // Everything is warm by now. One run of the second peer takes as long as all the others together.
    const large = await compare(dir, LARGE, ['npm'], { warmup: 0, rounds: 3 });
    const slowest = await compare(dir, LARGE, ['cyclonedx'], { warmup: 0, rounds: 1 });
    const early = summarize(small.ours).median;
    const growth = [...large.ours, ...slowest.ours].map((time) => time / early);
    return [
      ...small.rows,
      ...large.rows,
      ...slowest.rows,
      limitRow('5,000 packages over 500', growth, '×', { relation: '≤', value: 10 }),
    ];
  });

async function compare(
  dir: string,
  packages: number,
  peers: readonly Peer[],
  plan: RoundPlan,
): Promise<{ rows: Row[]; ours: number[] }> {
  const project = join(dir, `project-${packages}`);
  writeLockfile(project, packages);
  const out = (tool: string): string => join(dir, `${tool}-${packages}.json`);
  const seconds = async (tool: string, command: string, args: readonly string[]): Promise<number> => {
    const took = await timed(() => runTool(command, args, project, out(tool)));
    // A tool that is fast because it left packages out would not be a peer.
    const found = tool === 'mex' ? scannedPackages(readJson(out(tool))) : countComponents(readJson(out(tool)));
    if (found !== packages) throw new Error(`${tool} found ${String(found)} of ${packages} packages`);
    return took / 1_000;
  };
  const home = join(dir, 'home');
  const mex: Contender = () => {
    rmSync(home, { recursive: true, force: true });
    return seconds('mex', LAUNCHER, ['scan', '.', '--only', 'sbom', '--format', 'json', '--home', home]);
  };
  const others: Record<Peer, Contender> = {
    npm: () => seconds('npm', 'npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', QUIET]),
    cyclonedx: () => seconds('cyclonedx', process.execPath, [CYCLONEDX, '--package-lock-only', '--no-validate']),
  };
  const chosen = Object.fromEntries(peers.map((peer) => [peer, others[peer]]));
  const figures = await takeTurns<string>({ mex, ...chosen }, plan);
  const ours = figures['mex'] ?? [];
  const rows = peers.map((peer) =>
    ratioRow({
      promise: `SBOM of ${packages.toLocaleString('en-US')} packages`,
      ours,
      peer: figures[peer] ?? [],
      peerName: PEER_NAMES[peer],
      unit: 's',
      figure: 'time',
      atLeast: 4,
    }),
  );
  return { rows, ours };
}

/** Runs a program to its end, its standard output in a file. @throws Error when it fails, with what it said. */
async function runTool(command: string, args: readonly string[], cwd: string, out: string): Promise<void> {
  const fd = openSync(out, 'w');
  try {
    const child = spawn(command, args, { cwd, stdio: ['ignore', fd, 'pipe'] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${said.slice(0, 2_000)}`);
  } finally {
    closeSync(fd);
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Components of a CycloneDX document, nested ones too. */
function countComponents(document: unknown): number {
  const components = member(document, 'components');
  if (!Array.isArray(components)) return 0;
  return components.reduce((sum: number, component: unknown) => sum + 1 + countComponents(component), 0);
}

/** What the scan's own document says it found; that its SBOM holds as many is what the engine's tests are for. */
function scannedPackages(document: unknown): unknown {
  const results = member(document, 'results');
  return Array.isArray(results) ? member(member(results[0], 'summary'), 'packages') : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
