/** Why something of a history was not scanned. */
export type GapReason =
  /** Not in the repository: a partial clone, objects borrowed from another repository, or damage. */
  | 'missing'
  /** Bytes that are no object, pack, index or ref of git. */
  | 'malformed'
  /** Content that is not what its id says. */
  | 'wrong-id'
  /** A text larger than a scan reads. */
  | 'too-large'
  /** More commits, blobs or bytes than a scan goes through. */
  | 'bound'
  /** The clone is shallow: older commits are elsewhere. */
  | 'shallow'
  /** A repository of a format that is not read: SHA-256, reftable, an index of version 1. */
  | 'format'
  /** The host could not hand over a file of the repository. */
  | 'unreadable'
  /** An external tool scans the tree, and not the history. */
  | 'implementation';

/** One object cannot be had. The rest of the history can. */
export class HistoryFault extends Error {
  readonly reason: GapReason;

  constructor(reason: GapReason, message: string) {
    super(message);
    this.name = 'HistoryFault';
    this.reason = reason;
  }
}

/** A bound of the whole scan is reached: nothing more is read. */
export class HistoryBound extends HistoryFault {
  constructor(message: string) {
    super('bound', message);
    this.name = 'HistoryBound';
  }
}
