import { canonicalJson, type EngineResult, type FlightEvent, utf8Length } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { PipelineOutcome, PostFacts } from '@mex/gates';
import { emptyUsage } from '../budgets.ts';
import type { Collected } from '../facts.ts';
import type { Grant } from '../grant.ts';
import type { OperationPowers } from '../operation.ts';
import type { Planned } from '../planned.ts';
import { denialProblem, endEvents, engineProblem } from '../records.ts';
import { denialError, type Ending, ranResult } from '../result.ts';
import { draftProblems } from '../steps.ts';
import type { CacheHit } from './find-cached.ts';

/** How an operation came out that was answered from the cache. */
export interface CachedConclusion {
  readonly hit: CacheHit;
  readonly after: PipelineOutcome;
  readonly result: EngineResult;
}

/**
 * Makes the result of this operation from that of an earlier one, and has the post-gates judge it against what this one
 * asks for. Nothing was spent and nothing was used. It says where the bytes were really made.
 */
export function concludeCached(
  planned: Planned,
  collected: Collected,
  grant: Grant,
  configHash: string,
  hit: CacheHit,
  powers: OperationPowers,
): CachedConclusion {
  const { op_id, outputs, evidence, summary, logs_ref, provenance } = hit.result;
  const build = (ending: Ending): EngineResult => {
    const result = ranResult(planned, grant, collected.inputs, configHash, emptyUsage(), ending, powers.now());
    const { environment } = provenance;
    return { ...result, provenance: { ...result.provenance, environment, cached_from: op_id } };
  };
  const ending: Ending = { status: 'succeeded', outputs, evidence, errors: [], summary, logsRef: logs_ref };
  const result = build(ending);
  const after = powers.pipeline.checkAfter(planned.operation, result, factsOf(grant, result));
  if (after.denial === undefined) return { hit, after, result };
  const denied: Ending = {
    status: 'failed',
    outputs: [],
    evidence: [],
    errors: [denialError(after.denial)],
    summary: undefined,
    logsRef: logs_ref,
  };
  return { hit, after, result: build(denied) };
}

/** The artifacts were read and hashed a moment ago: they are what is held. No secret can be in them: none was handed out. */
function factsOf(grant: Grant, result: EngineResult): PostFacts {
  const held = [...result.outputs, ...result.evidence];
  return {
    manifest: grant.manifest,
    operation: grant.operation,
    granted: grant.capabilities.map(({ capabilityId }) => capabilityId),
    usedCapabilities: [],
    budget: grant.budget,
    usage: result.usage,
    summaryBytes: result.summary === undefined ? 0 : utf8Length(canonicalJson(result.summary)),
    stagedSha256: new Set(held.map(({ sha256 }) => sha256)),
    outputNames: held.flatMap(({ name }) => (name === undefined ? [] : [name])),
    nondeterminism: [],
    leaks: [],
  };
}

/** One transaction, as for an operation that ran. What the engine reported then, an operator sees again (CONTRACT §1). */
export async function recordCached(
  planned: Planned,
  { hit, after, result }: CachedConclusion,
  seq: number,
  endQuota: () => void,
  powers: OperationPowers,
): Promise<void> {
  const now = powers.now();
  const text = canonicalJson(result);
  const reports = hit.problems.map((problem) => engineProblem(planned, problem));
  if (after.denial !== undefined) reports.push(denialProblem(planned, after.denial));
  const problems = draftProblems(powers, planned, reports, now);
  const events: FlightEvent[] = [
    ...endEvents(planned, result, sha256Hex(text), after.outcomes, now),
    ...problems.map((problem) => problem.event),
  ];
  await powers.recorder.append(
    events,
    (db) => {
      for (const problem of problems) problem.write(db);
      powers.ledger.end(seq, result.op_id, text);
      endQuota();
    },
    powers.siblings(),
  );
}
