import { MexError } from '@mex/envelope';

/** What can be wrong with the vectors of an engine package. */
export type VectorErrorCode = 'VECTORS_MISSING' | 'VECTOR_INVALID' | 'VECTOR_FILE_INVALID' | 'VECTOR_TOO_LARGE';

/** An error about vectors. `message` begins with the place: the folder or document, and the member. */
export function vectorError(code: VectorErrorCode, message: string, remedy: string): MexError<VectorErrorCode> {
  return new MexError({ code, kind: 'validation', message, remedy });
}
