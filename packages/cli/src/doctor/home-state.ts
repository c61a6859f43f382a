import { accessSync, constants, existsSync, lstatSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatBytes, formatDuration, plural } from '../output/units.ts';
import { bad, type Finding, good, note, warning, wordsOf } from './finding.ts';

const GIB = 1024 * 1024 * 1024;
/** Verified here only up to this size: a doctor that takes minutes is not asked. */
const LARGEST_LOG = GIB;
/** A clock before this is not set. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** How far the newest event may be ahead of the clock, for machines that share a home. */
const AHEAD_MS = 60_000;

export interface HomeState {
  readonly findings: readonly Finding[];
  /** `false`: the log is not what was recorded. */
  readonly intact: boolean;
}

/** What the home is on, who may touch it, and whether its log is what was recorded. Changes nothing. */
export async function homeState(home: string): Promise<HomeState> {
  const disk = diskFinding(home);
  if (!existsSync(home)) {
    return { findings: [note('home', `${home} is not there yet: nothing was recorded.`), disk], intact: true };
  }
  const log = await logFindings(home);
  return { findings: [accessFinding(home), ...openToOthers(home), disk, ...log.findings], intact: log.intact };
}

function accessFinding(home: string): Finding {
  try {
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
    return good('home', home);
  } catch (thrown) {
    return bad('home', `${home} cannot be used: ${wordsOf(thrown)}`, 'Give it to the user that runs MEX.');
  }
}

/** Who can write a home can change the log's tables and the policy; who can read a key can sign in its name. */
function openToOthers(home: string): Finding[] {
  const findings: Finding[] = [];
  if (hasMode(home, 0o022)) {
    findings.push(warning('home', 'others may write it.', `chmod go-w ${home}`));
  }
  for (const name of ['keys', 'secrets']) {
    const directory = join(home, name);
    if (!existsSync(directory)) continue;
    const open = readdirSync(directory).filter((file) => hasMode(join(directory, file), 0o077));
    if (open.length === 0) continue;
    findings.push(
      warning(name, `others may read ${plural(open.length, 'file')} of ${directory}.`, `chmod -R go= ${directory}`),
    );
  }
  return findings;
}

function hasMode(path: string, bits: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isSymbolicLink() && (stat.mode & bits) !== 0;
}

function diskFinding(home: string): Finding {
  let at = home;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  try {
    const { bavail, bsize } = statfsSync(at);
    const free = bavail * bsize;
    if (free >= GIB) return good('disk', `${formatBytes(free)} free`);
    return warning('disk', `only ${formatBytes(free)} free.`, 'Make room: what cannot be recorded does not run.');
  } catch (thrown) {
    return warning('disk', `its free space cannot be told: ${wordsOf(thrown)}`, 'Look at it yourself: df.');
  }
}

async function logFindings(home: string): Promise<HomeState> {
  const file = join(home, 'log.db');
  if (!existsSync(file))
    return { findings: [clockFinding(undefined), note('log', 'nothing was recorded yet')], intact: true };
  const { size } = statSync(file);
  const { openRecorder, verifyLog, createFileSigner } = await import('@mex/flight-recorder');
  try {
    const recorder = openRecorder({ file, readOnly: true });
    const [newest] = recorder.list({ limit: 1, order: 'newest' });
    await recorder.close();
    const clock = clockFinding(newest && Date.parse(newest.event.timestamp));
    if (size > LARGEST_LOG) {
      return { findings: [clock, note('log', `${formatBytes(size)}: check it with mex log verify`)], intact: true };
    }
    const keys = join(home, 'keys');
    const signer = existsSync(join(keys, 'log-signing-key.json')) ? { signer: createFileSigner(keys) } : {};
    const begun = performance.now();
    const { ok, size: events, problems } = await verifyLog(file, signer);
    const took = formatDuration(performance.now() - begun);
    if (ok)
      return { findings: [clock, good('log', `${plural(events, 'event')}, all as recorded (${took})`)], intact: true };
    const [first] = problems;
    const text = `The log is NOT what was recorded: ${first?.message ?? 'no reason'} (${first?.code ?? 'unknown'})`;
    const remedy = 'Keep the home as evidence, then run: mex log verify';
    return { findings: [clock, bad('log', text, remedy)], intact: false };
  } catch (thrown) {
    return {
      findings: [bad('log', wordsOf(thrown), 'Run mex log verify, and keep the home as it is.')],
      intact: false,
    };
  }
}

/** Consents, approvals and quotas end by the clock. */
function clockFinding(newest: number | undefined): Finding {
  const now = Date.now();
  const remedy = 'Set it, and let it be kept by NTP: consents and approvals end by it.';
  if (now < EARLIEST) return warning('clock', `it says ${new Date(now).toISOString()}, which is past.`, remedy);
  if (newest !== undefined && newest > now + AHEAD_MS) {
    return warning('clock', `it is ${formatDuration(newest - now)} behind the newest event of the log.`, remedy);
  }
  return good('clock', new Date(now).toISOString());
}
