import type { ConsentRecord, FlightEvent } from '@mex/envelope';

/** What the log says of a consent: the proof, where the rest of a store is a lookup. */
export interface ConsentEvidence {
  /** As `consent.granted` has it. */
  readonly recordSha256: string;
  readonly revoked: boolean;
}

/** Just enough to answer an engine's call. */
export interface ConsentStanding {
  /** Ms since 1970. */
  readonly validUntil: number;
  readonly revoked: boolean;
}

export interface ConsentFilter {
  readonly actorId?: string;
  /** Only those in force at this time, in ms since 1970. */
  readonly liveAt?: number;
  /** Default 1,000. */
  readonly limit?: number;
}

/** Where consents are kept. Writers put record and event on the disk together, or nothing. */
export interface ConsentStore {
  readonly insert: (record: ConsentRecord, event: FlightEvent) => Promise<void>;
  /** Answers `false`, and writes nothing, when it was revoked before. */
  readonly revoke: (
    consentId: string,
    revocation: NonNullable<ConsentRecord['revocation']>,
    event: FlightEvent,
  ) => Promise<boolean>;
  readonly get: (consentId: string) => ConsentRecord | undefined;
  /** The newest first. */
  readonly list: (filter: ConsentFilter) => ConsentRecord[];
  readonly evidence: (consentId: string) => ConsentEvidence | undefined;
  /** Called on every privileged call of an engine: cheap, and true to what other processes wrote. */
  readonly standing: (consentId: string) => ConsentStanding | undefined;
}
