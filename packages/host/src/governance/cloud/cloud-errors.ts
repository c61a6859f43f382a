import { type ErrorKind, MexError } from '@mex/envelope';

/** Why nothing leaves for a model elsewhere. */
export type CloudErrorCode =
  | 'CLOUD_DISABLED'
  | 'CLOUD_MODEL_UNKNOWN'
  | 'CLOUD_PAYLOAD_TOO_LARGE'
  | 'CLOUD_NOT_EXPORTABLE'
  | 'CLOUD_NOT_PROJECTED'
  | 'CLOUD_PAYLOAD_CHANGED'
  | 'CLOUD_REFUSED'
  | 'CLOUD_REQUEST_INVALID'
  | 'CLOUD_REQUEST_UNKNOWN';

const KINDS: Readonly<Partial<Record<CloudErrorCode, ErrorKind>>> = {
  CLOUD_PAYLOAD_CHANGED: 'integrity',
  CLOUD_REQUEST_INVALID: 'validation',
  CLOUD_REQUEST_UNKNOWN: 'validation',
};

export function cloudError(code: CloudErrorCode, message: string, remedy: string): MexError<CloudErrorCode> {
  return new MexError({ code, kind: KINDS[code] ?? 'policy', message, remedy });
}
