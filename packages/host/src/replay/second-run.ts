import { randomUUID } from 'node:crypto';
import type { ArtifactStore } from '@mex/artifacts';
import { type EngineResult, MexError, type PlannedOperation, parseOperation } from '@mex/envelope';
import type { Registry } from '@mex/registry';
import type { RecordedOperation } from '@mex/runtime';
import type { NothingToReplay, ReplayObstacle, ReplayReason } from './replay.ts';

/** An operation to run once more, or why not. `damaged`: something recorded or stored is not what it was. */
export type SecondRun =
  | { readonly plan: PlannedOperation }
  | { readonly reason: ReplayReason; readonly damaged: boolean };

/** Kinds of errors with which an engine ends by itself: run again, it must end the same way. */
const OWN_ENDS: ReadonlySet<string> = new Set(['tool', 'validation']);

/** Why there is nothing to compare with, from the record alone. */
export function findNothing({ result, isProven }: RecordedOperation): ReplayReason | undefined {
  if (result === undefined) return nothing('still_running', 'It has no result yet.');
  if (!isProven) return nothing('record_expired', 'Retention has removed the events that prove its result.');
  const { status, errors, provenance } = result;
  const code = errors[0]?.code ?? status;
  if (status === 'denied' || provenance.engine_version === undefined)
    return nothing('nothing_ran', `Nothing ran: it ended with ${status} (${code}).`);
  if (status === 'succeeded') return undefined;
  if (status !== 'failed' || !errors.every(({ kind }) => OWN_ENDS.has(kind)))
    return nothing('ended_from_outside', `It did not end by itself, but with ${status} (${code}).`);
  const { determinism } = provenance;
  return determinism === 'D0' || determinism === 'D1'
    ? nothing('failed_live', `It failed (${code}), and a ${determinism} operation that failed leaves no evidence.`)
    : undefined;
}

/**
 * The same operation as a new one: the request, the exact engine, and the budget that was granted then. Who asks and in
 * which run is the replayer's own.
 * @param runId run that the replay belongs to
 */
export async function planSecondRun(
  { opId, request }: RecordedOperation,
  { provenance, budget }: EngineResult,
  { registry, store }: { readonly registry: Registry; readonly store: ArtifactStore },
  runId: string | undefined,
): Promise<SecondRun> {
  if (request === undefined)
    return obstacle('request_masked', 'Its request contained a secret, which was not recorded.');
  const { context, ...operation } = parseOperation(request);
  const { engine_version: version = '', bundle_sha256 } = provenance;
  const { engine, error } = registry.resolve(operation.engine_id, version);
  if (engine === undefined) return obstacle('engine_not_registered', error.message);
  if (engine.manifest.engine_version !== version || engine.bundle.sha256 !== bundle_sha256)
    return obstacle(
      'engine_not_registered',
      `${operation.engine_id} ${version} is registered with another bundle, or not at all: ${(bundle_sha256 ?? '').slice(0, 12)} ran.`,
    );
  const lost = await checkInputs(operation, store);
  if (lost !== undefined) return lost;
  const profile = context?.capability_profile_id;
  return {
    plan: {
      ...operation,
      op_id: randomUUID(),
      engine_version_req: version,
      budget,
      context: {
        job_id: REPLAY_JOB,
        trace_id: opId,
        ...(profile === undefined ? {} : { capability_profile_id: profile }),
        ...(runId === undefined ? {} : { run_id: runId }),
      },
    },
  };
}

/** How a replay calls itself. A planner may write the same: that it was one, only its event proves. */
export const REPLAY_JOB = 'mex.replay';

async function checkInputs({ inputs }: PlannedOperation, store: ArtifactStore): Promise<SecondRun | undefined> {
  for (const input of inputs) {
    if ('entity_id' in input) continue;
    try {
      await store.verifyHandle(input);
    } catch (error) {
      if (!(error instanceof MexError)) throw error;
      if (error.code === 'ARTIFACT_NOT_FOUND') return obstacle('inputs_gone', error.message);
      return { reason: { code: error.code, message: error.message }, damaged: true };
    }
  }
  return undefined;
}

/**
 * Why a second run cannot be held against the first one: what kept it from ending by itself. `undefined`: it can.
 */
export async function findObstacle(
  now: EngineResult,
  before: EngineResult,
  plan: PlannedOperation,
  store: ArtifactStore,
): Promise<{ readonly reason: ReplayReason; readonly damaged: boolean } | undefined> {
  const [error] = now.errors;
  const told = error === undefined ? now.status : `${error.message} (${error.code})`;
  if (error?.kind === 'integrity' || error?.code.startsWith('ARTIFACT_')) {
    const drifted = await findDrift(plan, store);
    return drifted ?? { reason: { code: error.code, message: error.message }, damaged: true };
  }
  if (now.status === 'denied')
    return obstacle(error?.code === 'INPUT_UNRESOLVABLE' ? 'inputs_gone' : 'denied_now', told);
  const isOwnEnd = now.status === 'succeeded' || now.errors.every(({ kind }) => OWN_ENDS.has(kind));
  if (now.status === 'cancelled' || now.status === 'timed_out' || !isOwnEnd) return obstacle('not_finished', told);
  const inputs = ({ provenance }: EngineResult): string => provenance.inputs.join();
  if (inputs(now) !== inputs(before))
    return obstacle('inputs_gone', 'An entity that it names means another artifact now.');
  return undefined;
}

/**
 * Whether a pinned directory holds something else now. Engines may go on after a file that cannot be read, so a
 * difference is only the engine's when everything it read is as it was.
 */
export async function findDrift(
  { inputs }: PlannedOperation,
  store: ArtifactStore,
): Promise<{ readonly reason: ReplayReason; readonly damaged: boolean } | undefined> {
  for (const input of inputs) {
    if ('entity_id' in input || input.kind !== 'bundle') continue;
    try {
      const { entries, read } = await store.openBundle(input);
      for (const { path } of entries) await read(path);
    } catch (error) {
      if (!(error instanceof MexError)) throw error;
      if (error.code === 'ARTIFACT_DRIFT') return obstacle('directory_drifted', error.message);
      return { reason: { code: error.code, message: error.message }, damaged: true };
    }
  }
  return undefined;
}

function obstacle(code: ReplayObstacle, message: string): { readonly reason: ReplayReason; readonly damaged: false } {
  return { reason: { code, message }, damaged: false };
}

function nothing(code: NothingToReplay, message: string): ReplayReason {
  return { code, message };
}
