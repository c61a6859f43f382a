import { BOUNDS, certificateLapse } from '@mex/envelope';
import type { EngineFacts, PreFacts } from './facts.ts';
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
    const uncertified = engine.found ? checkCertified(engine, facts) : undefined;
    if (uncertified !== undefined) return uncertified;
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

/**
 * CONTRACT §10. The development switch covers engines that nobody certified; a certificate that is revoked, forged, over
 * or for something else says that somebody meant this engine not to run as it is.
 */
function checkCertified({ certificate, manifest }: Extract<EngineFacts, { found: true }>, facts: PreFacts): Verdict {
  const { engine_id } = manifest;
  if (certificate.state === 'refused') {
    const { code, reason, remedy } = certificate;
    return deny(code, `The certificate of ${engine_id} is refused: ${reason}.`, remedy);
  }
  if (certificate.state === 'absent') {
    if (facts.policy.allowUncertified) return undefined;
    const reason = `${engine_id} has no certificate for its bundle.`;
    return deny('ENGINE_UNCERTIFIED', reason, `Certify it: mex certify ${engine_id}`);
  }
  const lapse = certificateLapse(certificate, facts.now);
  if (lapse === undefined) return undefined;
  if (lapse === 'expired') {
    const reason = `The certificate of ${engine_id} expired at ${timeText(certificate.expiresAt)}.`;
    return deny('CERTIFICATE_EXPIRED', reason, `Certify it again: mex certify ${engine_id}`);
  }
  const reason = `The certificate of ${engine_id} is of ${timeText(certificate.issuedAt)}, and it is ${timeText(facts.now)} here.`;
  return deny('CERTIFICATE_NOT_YET_VALID', reason, 'Set the clock of this machine, or wait.', { retryable: true });
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
