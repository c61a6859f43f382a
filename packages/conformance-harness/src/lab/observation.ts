import type { ObservedRun } from '@mex/engine-sdk/testing';
import {
  type ArtifactHandle,
  canonicalJson,
  type EngineResult,
  type FlightEvent,
  type PlannedOperation,
} from '@mex/envelope';
import type { Sighting } from './call-tap.ts';

/** One operation that was run, and everything that can be seen of it. */
export interface Observation {
  readonly operation: PlannedOperation;
  readonly result: EngineResult;
  readonly sighting: Sighting;
  /** From the call of `execute` to its answer, in ms. */
  readonly ms: number;
  /** Bytes of outputs and evidence, by handle. */
  readonly read: (handle: ArtifactHandle) => Promise<Uint8Array>;
  readonly events: () => FlightEvent[];
}

/** Codes of the Problems that the engine itself reported, in order. */
export function problemCodes({ sighting }: Observation): string[] {
  const problems = sighting.reply?.['problems'];
  if (!Array.isArray(problems)) return [];
  return problems.map((problem: unknown) =>
    typeof problem === 'object' && problem !== null && 'code' in problem ? String(problem.code) : '?',
  );
}

/** The Problems that the engine itself reported, whole: two of them are alike only when they say the same. */
export function problemTexts({ sighting }: Observation): string[] {
  const problems = sighting.reply?.['problems'];
  return Array.isArray(problems) ? problems.map((problem: unknown) => canonicalJson(problem)) : [];
}

/** `succeeded`, or the status with its first code: what a person wants to read. */
export function outcomeOf({ result }: Observation): string {
  const [error] = result.errors;
  return error === undefined ? result.status : `${result.status} with ${error.code}`;
}

export function codeOf({ result }: Observation): string | undefined {
  return result.errors[0]?.code;
}

/** An output or piece of evidence, by its name. */
export function outputNamed({ result }: Observation, name: string): ArtifactHandle | undefined {
  return [...result.outputs, ...result.evidence].find((handle) => handle.name === name);
}

/** What its vector is compared with. */
export async function observedRun(observed: Observation): Promise<ObservedRun> {
  const { status, errors, outputs, evidence, summary } = observed.result;
  const contents = new Map<string, Uint8Array>();
  for (const handle of [...outputs, ...evidence]) contents.set(handle.name ?? '', await observed.read(handle));
  const { code, message } = errors[0] ?? {};
  return { status, code, message, summary, outputs: contents, problems: problemCodes(observed) };
}
