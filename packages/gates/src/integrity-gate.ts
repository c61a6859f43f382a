import { BOUNDS } from '@mex/envelope';
import { denier, type Gate, type Verdict } from './gate.ts';

const deny = denier('G-INTEGRITY', 'integrity');

/** Sizes, hashes, bundle and certificate before; staged outputs after. */
export const integrityGate: Gate = {
  id: 'G-INTEGRITY',
  pre(operation, facts): Verdict {
    if (facts.paramsBytes > BOUNDS.maxInlineBytes) {
      return deny(
        'INLINE_TOO_LARGE',
        `params are ${facts.paramsBytes} bytes of canonical JSON; ${BOUNDS.maxInlineBytes} is the most that goes inline.`,
        'Put the data in as an artifact and name it in inputs.',
      );
    }
    const { engine } = facts;
    if (engine.found && engine.loadedBundleSha256 !== engine.manifest.bundle.sha256) {
      return deny(
        'BUNDLE_DIGEST_MISMATCH',
        `The bundle of ${operation.engine_id} is missing or is not the registered one.`,
        'If you changed it on purpose, add it again: mex engines add <path>. If not, treat it as tampering.',
        { severity: 'fatal' },
      );
    }
    if (engine.found && !engine.certified && !facts.policy.allowUncertified) {
      return deny(
        'ENGINE_UNCERTIFIED',
        `${operation.engine_id} has no valid certificate for its bundle.`,
        `Certify it: mex certify ${operation.engine_id}`,
      );
    }
    for (const [index, input] of facts.inputs.entries()) {
      if (input.state !== 'mismatch') continue;
      return deny(
        'INPUT_INTEGRITY',
        `inputs[${index}]: ${input.detail ?? 'the handle disagrees with the store'}.`,
        'Use the handle exactly as MEX returned it.',
      );
    }
    return undefined;
  },

  post(_operation, result, facts): Verdict {
    const lost = [...result.outputs, ...result.evidence].find((handle) => !facts.stagedSha256.has(handle.sha256));
    if (lost !== undefined)
      return deny(
        'OUTPUT_INTEGRITY',
        `Output ${lost.sha256.slice(0, 12)}… is not among what the engine wrote.`,
        'This is a fault of MEX: please report it.',
      );
    if (facts.summaryBytes <= BOUNDS.maxInlineBytes) return undefined;
    return deny(
      'INLINE_TOO_LARGE',
      `The engine inlined ${facts.summaryBytes} bytes of summary; ${BOUNDS.maxInlineBytes} is the most.`,
      'The engine must write them as an output.',
    );
  },
};
