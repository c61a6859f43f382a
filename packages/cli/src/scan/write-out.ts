import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ArtifactHandle } from '@mex/envelope';
import type { Host } from '@mex/host';
import { materialize } from '../materialize.ts';
import { usageError } from '../usage-error.ts';
import { REPORT_NAME } from './read-report.ts';
import { DECISION_NAME } from './release-decision.ts';
import type { ScanOutcome } from './run-scan.ts';
import { SARIF_MIME, writeSarifLog } from './sarif-log.ts';

/** Where a person wants copies: a directory for everything, a file for the SARIF log. */
export interface Targets {
  readonly out: string | undefined;
  readonly sarif: string | undefined;
}

/**
 * Checks before anything is scanned that what is asked for can be written: a scan of minutes must not end in a refusal.
 * @throws MexError `CLI_USAGE`
 */
export function verifyTargets({ out, sarif }: Targets): void {
  if (out !== undefined) verifyWritable(resolve(out), '--out', true);
  if (sarif !== undefined) verifyWritable(resolve(sarif), '--sarif', false);
}

/** Whether a file, or a directory of files, can be written there. @throws MexError `CLI_USAGE` */
export function verifyWritable(path: string, option: string, isDirectory: boolean): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  const cannot = (why: string): Error =>
    usageError(`${option} ${path} cannot be written: ${why}.`, 'Name a place where you may write.');
  if (found !== undefined && found.isDirectory() !== isDirectory)
    throw cannot(isDirectory ? 'it is no directory' : 'it is a directory');
  if (found !== undefined && !isDirectory && !found.isFile()) throw cannot('it is no regular file');
  let place = found !== undefined && isDirectory ? path : dirname(path);
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch {
    throw cannot(`${place} cannot be written to`);
  }
  if (!lstatSync(place).isDirectory() && !existsSync(join(place, '.'))) throw cannot(`${place} is no directory`);
}

/** Writes what was asked for over that of an earlier scan. Answers with the paths as they were asked for. */
export async function writeTargets(host: Host, targets: Targets, outcome: ScanOutcome): Promise<string[]> {
  const { out, sarif } = targets;
  if (out === undefined && sarif === undefined) return [];
  const log = await storeSarifLog(host, outcome);
  const written: string[] = [];
  const copy = async (handle: ArtifactHandle, path: string): Promise<void> => {
    await materialize(host, handle, path, { overwrite: true });
    written.push(path);
  };
  if (out !== undefined) {
    for (const [name, handle] of namedOutputs(outcome)) await copy(handle, join(out, name));
    await copy(log, join(out, 'scan.sarif'));
  }
  if (sarif !== undefined) await copy(log, sarif);
  return written;
}

/** Every check calls its report the same; beside each other they need names of their own. */
function namedOutputs({ checks, decision }: ScanOutcome): [name: string, handle: ArtifactHandle][] {
  const outputs = checks.flatMap(({ check, result }) =>
    [...result.outputs, ...result.evidence].flatMap((handle): [string, ArtifactHandle][] => {
      if (handle.name === undefined) return [];
      return [[handle.name === REPORT_NAME ? `${check.name}-${REPORT_NAME}` : handle.name, handle]];
    }),
  );
  return decision === undefined ? outputs : [...outputs, [DECISION_NAME, decision]];
}

async function storeSarifLog(host: Host, { checks }: ScanOutcome): Promise<ArtifactHandle> {
  return host.artifacts.put(Buffer.from(await writeSarifLog(host, checks)), {
    kind: 'report',
    mime: SARIF_MIME,
    name: 'scan.sarif',
    created_by: { actor_id: host.caller.id, operation: 'scan.write' },
  });
}
