/** Bounds of one request. Times in milliseconds, sizes in bytes unless the name says otherwise. */
export interface HttpLimits {
  readonly headerCount: number;
  /** Names and values of a request's headers together, with secrets filled in. */
  readonly headerBytes: number;
  readonly requestBytes: number;
  /** Body of an answer where the call names no `maxBytes`. */
  readonly defaultResponseBytes: number;
  /** The most that `maxBytes` may ask for. */
  readonly responseBytes: number;
  /** Status line and headers of an answer, and of each interim (1xx) one. */
  readonly responseHeadBytes: number;
  /** Interim answers before the answer. */
  readonly interimAnswers: number;
  readonly redirects: number;
  /** Requests of one operation that are on the wire at once; later ones wait. */
  readonly concurrent: number;
  /** Addresses of one host that are tried, one after the other. */
  readonly addresses: number;
  /** For one address while another is left; the last one has `connectMs`. */
  readonly attemptMs: number;
  /** Name resolution, connection and TLS, for each hop. */
  readonly connectMs: number;
  /** From the request to the head of its answer, for each hop. */
  readonly firstByteMs: number;
  /** All hops, where the call names no `timeoutMs`. */
  readonly defaultTotalMs: number;
  /** The most that `timeoutMs` may ask for. */
  readonly totalMs: number;
}

const MIB = 1024 * 1024;

/**
 * What holds unless the operator chose less. An operation holds at most `concurrent` × `responseBytes` of answers in
 * the host's memory, twice that for the moment in which a body is put together.
 */
export const HTTP_LIMITS: HttpLimits = {
  headerCount: 64,
  headerBytes: 16 * 1024,
  requestBytes: 16 * MIB,
  defaultResponseBytes: 16 * MIB,
  responseBytes: 64 * MIB,
  responseHeadBytes: 32 * 1024,
  interimAnswers: 16,
  redirects: 5,
  concurrent: 4,
  addresses: 4,
  attemptMs: 2_500,
  connectMs: 10_000,
  firstByteMs: 30_000,
  defaultTotalMs: 60_000,
  totalMs: 300_000,
};
