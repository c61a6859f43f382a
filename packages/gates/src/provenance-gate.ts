import { denier, type Gate, type Verdict } from './gate.ts';

const deny = denier('G-PROVENANCE', 'provenance');

/** Resolvable inputs and a known actor before; complete provenance after. */
export const provenanceGate: Gate = {
  id: 'G-PROVENANCE',
  pre(operation, facts): Verdict {
    for (const [index, input] of facts.inputs.entries()) {
      if (input.state === 'present' || input.state === 'mismatch') continue;
      return deny(
        'INPUT_UNRESOLVABLE',
        `inputs[${index}] is not known here${input.detail ? `: ${input.detail}` : ''}.`,
        'Put it in first, and use the handle you get.',
      );
    }
    if (facts.caller === undefined)
      return deny(
        'ACTOR_UNKNOWN',
        'Nobody vouches for the caller of this operation.',
        'Call through a host that authenticates its callers.',
      );
    const claimed = operation.context?.actor;
    // A planner may say that it is an agent or a job; that it is some other person is not its to say (CONTRACT §2).
    if (claimed?.kind !== 'human' || claimed.id === facts.caller.id) return undefined;
    return deny(
      'ACTOR_UNKNOWN',
      `The operation says it comes from the person "${claimed.id}", but ${facts.caller.id} sent it.`,
      'Leave context.actor out, or name the real caller.',
    );
  },

  post(operation, result, facts): Verdict {
    const { provenance } = result;
    const complete =
      provenance.engine_version === facts.manifest.engine_version &&
      provenance.bundle_sha256 === facts.manifest.bundle.sha256 &&
      provenance.implementation !== undefined &&
      provenance.config_hash !== undefined &&
      provenance.inputs.length === operation.inputs.length &&
      provenance.outputs.length === result.outputs.length &&
      provenance.environment.isolation_tier !== 'none';
    return complete
      ? undefined
      : deny(
          'PROVENANCE_INCOMPLETE',
          'The provenance of the result is not complete.',
          'This is a fault of MEX: please report it.',
        );
  },
};
