import type { PlannedOperation } from '@mex/envelope';
import type { GateDenial, GateOutcome, PreFacts } from '@mex/gates';
import type { RegisteredEngine } from '@mex/registry';
import { collectFacts } from './facts.ts';
import { judgeOperation, type OperationPowers } from './operation.ts';
import type { Planned } from './planned.ts';

/** What would become of an operation that is sent now. */
export interface Preview {
  readonly operation: PlannedOperation;
  readonly operationSha256: string;
  /** Whether its op_id was used: by exactly this (`ended`: its recorded result would be the answer), or by another. */
  readonly known: 'no' | 'running' | 'ended' | 'another';
  /** Ids of all gates in their order. */
  readonly gates: readonly string[];
  /** Of the gates that were asked; those after a denial were not. */
  readonly outcomes: readonly GateOutcome[];
  readonly denial: GateDenial | undefined;
  readonly facts: PreFacts;
  readonly engine: RegisteredEngine | undefined;
  /** The tier it would have; `undefined` when the gates deny, or the tier is not available. */
  readonly tier: 'thread' | 'process' | 'wasm' | undefined;
}

/**
 * Collects the same facts and asks the same gates and tiers as an operation that runs, up to the moment at which the grant
 * would be recorded. The place it takes in the quota is given back; nothing is recorded about the operation.
 */
export async function previewOperation(planned: Planned, powers: OperationPowers): Promise<Preview> {
  const collected = await collectFacts(planned, powers, powers.now());
  try {
    const { before, denial, tier } = await judgeOperation(planned, collected, powers);
    const { operation, sha256 } = planned;
    return {
      operation,
      operationSha256: sha256,
      known: lookUp(planned, powers),
      gates: powers.pipeline.gates,
      outcomes: before.outcomes,
      denial,
      facts: collected.facts,
      engine: collected.engine,
      tier: tier?.name,
    };
  } finally {
    collected.reservation.cancel();
  }
}

function lookUp({ operation, sha256, caller }: Planned, { ledger }: OperationPowers): Preview['known'] {
  const known = ledger.get(operation.op_id);
  if (known === undefined) return 'no';
  if (known.operationSha256 !== sha256 || known.actorId !== (caller?.id ?? 'unknown')) return 'another';
  return known.ended === undefined ? 'running' : 'ended';
}
