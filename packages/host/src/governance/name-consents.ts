import { MexError, type PlannedOperation, parseOperation } from '@mex/envelope';
import type { Consents } from '@mex/governance';

/**
 * Writes the ids of the caller's own consents into an operation that names none, so that a person need not copy ids by
 * hand. It grants nothing: the gates look every id up again (CONTRACT §2). What is no operation is given back as it is,
 * for the runtime to refuse in words.
 */
export function nameConsents<T extends string | Uint8Array | object>(
  operation: T,
  actorId: string,
  consents: Pick<Consents, 'findFor'>,
): T | PlannedOperation {
  const planned = tryParse(operation);
  if (planned === undefined || planned.context?.consent_refs !== undefined) return operation;
  const refs = consents.findFor(actorId, planned.capabilities_requested);
  return refs.length === 0 ? operation : { ...planned, context: { ...planned.context, consent_refs: refs } };
}

function tryParse(operation: string | Uint8Array | object): PlannedOperation | undefined {
  try {
    return parseOperation(operation);
  } catch (error) {
    if (error instanceof MexError) return undefined;
    throw error;
  }
}
