import type { Pin, PinOptions } from '@mex/artifacts';
import type { ArtifactHandle } from '@mex/envelope';
import type { Host } from '@mex/host';
import type { CheckName } from './checks.ts';
import { findRepository, isNoHistory, MAX_REPOSITORY_BYTES } from './history-repository.ts';
import { LicenseCandidates } from './license-candidates.ts';
import type { ScanRequest } from './run-checks.ts';
import { findCandidates, type Gap, type ScanTarget, skipReason } from './scan-target.ts';
import { SecretCandidates } from './secret-candidates.ts';

/** A directory as an input of one check, and what should be in it and is not. */
export interface PinnedInput {
  /** Absent when nothing could be pinned; then a gap says why. */
  readonly handle: ArtifactHandle | undefined;
  readonly gaps: readonly Gap[];
}

/** The inputs of all checks, under way. */
export interface InputPins {
  readonly lockfiles: Promise<PinnedInput>;
  readonly licenses: Promise<PinnedInput>;
  readonly secrets: Promise<PinnedInput>;
  /** The repository, where its history is asked for. */
  readonly history: Promise<PinnedInput>;
}

const NOT_PINNED: PinnedInput = { handle: undefined, gaps: [] };

/**
 * Pins what the wanted checks look at, one after the other: the longest way is lockfiles, SBOM, licenses, so what it
 * needs comes first, and the rest while engines already work.
 */
export function startPins(host: Host, request: Pick<ScanRequest, 'target' | 'checks' | 'history'>): InputPins {
  const { target, checks, history: isAsked = false } = request;
  const after = (first: Promise<unknown>, name: CheckName, pin: () => Promise<PinnedInput>): Promise<PinnedInput> => {
    const next = checks.has(name) ? first.then(pin, pin) : Promise.resolve(NOT_PINNED);
    // Whoever awaits it hears of a failure; when nobody comes to that, it is no fault of its own.
    next.catch(() => undefined);
    return next;
  };
  const lockfiles = after(Promise.resolve(), 'sbom', () => pinLockfiles(host, target));
  const licenses = after(lockfiles, 'license', () => pinLicenseFiles(host, target));
  const secrets = after(licenses, 'secret', () => pinSecretFiles(host, target, isAsked));
  const history = isAsked ? after(secrets, 'secret', () => pinRepository(host, target)) : Promise.resolve(NOT_PINNED);
  return { lockfiles, licenses, secrets, history };
}

/** The lockfiles and the manifests beside them. */
async function pinLockfiles(host: Host, target: ScanTarget): Promise<PinnedInput> {
  const candidates = findCandidates(target);
  const pin = await host.artifacts.pinFiles(target.root, candidates.files, creator(host));
  const skipped = pin.skipped.map(({ path, reason }): Gap => ({ path, reason: skipReason(reason) }));
  return recordPin(host, pin, [...candidates.gaps, ...skipped]);
}

/** License files and manifests of the project and of the packages that are installed in it. */
function pinLicenseFiles(host: Host, target: ScanTarget): Promise<PinnedInput> {
  const { isLeftOut } = new LicenseCandidates(target.root, host.home);
  return pinTree(host, target, isLeftOut, NO_MORE_GAPS);
}

/** Every file of the project that a person wrote. */
function pinSecretFiles(host: Host, target: ScanTarget, history: boolean): Promise<PinnedInput> {
  const candidates = new SecretCandidates(target.root, host.home);
  return pinTree(host, target, candidates.isLeftOut, (files) => {
    const tooLarge = candidates.tooLarge.map(({ path, bytes }) => ({
      path,
      reason: `it has ${bytes} bytes, which is more than the secret scan reads`,
    }));
    const isHidden = files === 0 && candidates.ignored > 0;
    const nested = (history ? candidates.nested : []).map((path) => ({
      path,
      reason: 'it is a repository of its own, and its history was not looked at: scan it by itself',
    }));
    return [...tooLarge, ...nested, ...(isHidden ? [{ path: '.', reason: 'git ignores everything in it' }] : [])];
  });
}

/** What of the repository leads to its history. Here a link is a gap: behind it there are commits. */
async function pinRepository(host: Host, { root }: ScanTarget): Promise<PinnedInput> {
  const place = findRepository(root);
  if ('gap' in place) return { handle: undefined, gaps: [place.gap] };
  try {
    const limits = { ignore: isNoHistory, maxBytes: MAX_REPOSITORY_BYTES };
    const pin = await host.artifacts.pinDirectory(place.directory, { ...creator(host), ...limits });
    const gaps = pin.skipped.map(({ path, reason }): Gap => ({ path: `.git/${path}`, reason: skipReason(reason) }));
    return recordPin(host, pin, gaps);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { handle: undefined, gaps: [{ path: '.git', reason: `the history cannot be pinned: ${error.message}` }] };
  }
}

const NO_MORE_GAPS = (): readonly Gap[] => [];

/** Links lead to what is pinned under its own name, or out of the tree; pipes and devices hold no text. */
const NO_GAPS: ReadonlySet<string> = new Set(['symlink', 'special']);

async function pinTree(
  host: Host,
  target: ScanTarget,
  ignore: NonNullable<PinOptions['ignore']>,
  moreGaps: (files: number) => readonly Gap[],
): Promise<PinnedInput> {
  try {
    const pin =
      target.only === undefined
        ? await host.artifacts.pinDirectory(target.root, { ...creator(host), ignore })
        : await host.artifacts.pinFiles(target.root, findCandidates(target).files, creator(host));
    const skipped = pin.skipped.filter(({ reason }) => !NO_GAPS.has(reason));
    return recordPin(host, pin, [
      ...skipped.map(({ path, reason }): Gap => ({ path, reason: skipReason(reason) })),
      ...moreGaps(pin.index.entries.length),
    ]);
  } catch (error) {
    // A directory that cannot be listed, or more than may be pinned: this check does not run, and the others do.
    if (!(error instanceof Error)) throw error;
    return { handle: undefined, gaps: [{ path: '.', reason: `the directory cannot be pinned: ${error.message}` }] };
  }
}

function creator(host: Host) {
  return { meta: { created_by: { actor_id: host.caller.id } } };
}

async function recordPin(host: Host, { handle, index }: Pin, gaps: readonly Gap[]): Promise<PinnedInput> {
  const { artifact_id, sha256 } = handle;
  await host.record('directory.pinned', { artifact_id, sha256, entries: index.entries.length });
  return { handle, gaps };
}
