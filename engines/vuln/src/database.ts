import {
  type AnsweredSnapshot,
  openAnswers,
  openSnapshot,
  readOsvAnswers,
  type Snapshot,
} from '@mex/advisories/snapshot';
import { EngineError, type EngineInput } from '@mex/engine-sdk';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** Advisories that a scan is held against, and where they come from. */
export interface Database {
  readonly snapshot: Snapshot & Partial<Pick<AnsweredSnapshot, 'covers'>>;
  /** Digest of the bytes they were read from. */
  readonly sha256: string;
  /** `snapshot`: an imported database. Otherwise who answered: an address, or a program. */
  readonly source: string;
}

/** The bytes of a document that is an input. */
export async function bytesOf(input: EngineInput, code: string): Promise<Uint8Array> {
  if (input.kind === 'bundle') throw new EngineError(code, 'A document is needed where a directory was given.');
  return input.bytes();
}

/** SHA-256 of a text, lowercase hex. */
export function digestText(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

const OPENING_BRACE = 0x7b;

/**
 * Opens an imported snapshot, or the answers of an OSV server. No advisories, no statement: silence must never come out as
 * "no vulnerabilities" (CONTRACT §14 E).
 * @throws EngineError `VULN_DATABASE_MISSING`, `VULN_DATABASE_INVALID`, `VULN_DATABASE_EMPTY`
 */
export async function openDatabase(input: EngineInput | undefined): Promise<Database> {
  if (input === undefined) {
    const message = 'No advisory database was given: the second input must be a snapshot made by mex db import.';
    throw new EngineError('VULN_DATABASE_MISSING', message);
  }
  const bytes = await bytesOf(input, 'VULN_DATABASE_INVALID');
  if (bytes.length === 0) throw new EngineError('VULN_DATABASE_EMPTY', 'The advisory database has no bytes.');
  if (bytes[0] === OPENING_BRACE) {
    const answers = readSnapshot(() => readOsvAnswers(bytes));
    // That nothing is known is an answer; what nobody was asked about is told as not checked.
    return { snapshot: openAnswers(answers, digestText), sha256: input.sha256, source: answers.source };
  }
  const snapshot = readSnapshot(() => openSnapshot(bytes));
  if (snapshot.header.records === 0)
    throw new EngineError('VULN_DATABASE_EMPTY', 'The advisory database holds no advisory.');
  return {
    snapshot: {
      header: snapshot.header,
      lookup: (ecosystem, name) => readSnapshot(() => snapshot.lookup(ecosystem, name)),
      record: (number) => readSnapshot(() => snapshot.record(number)),
    },
    sha256: input.sha256,
    source: 'snapshot',
  };
}

/** Lines are checked when they are read, so a damaged one shows late. */
function readSnapshot<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'The advisory snapshot cannot be used.';
    throw new EngineError('VULN_DATABASE_INVALID', message, { cause });
  }
}
