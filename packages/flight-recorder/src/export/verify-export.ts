import { MexError } from '@mex/envelope';
import { verifyCheckpoint } from '../checkpoint/checkpoint.ts';
import { parseVerifierKey, type VerifierKey } from '../checkpoint/verifier-key.ts';
import { Frontier } from '../merkle/frontier.ts';
import { leafHash, sameHash } from '../merkle/hash.ts';
import { parseStored } from '../store/stored-json.ts';
import { KeptCheckpoint } from '../verify/kept-checkpoint.ts';
import { checkPruning, PruneRecords } from '../verify/prune-records.ts';
import { Findings, type VerifyReport } from '../verify/report.ts';
import { isCanonical } from '../verify/stored-event.ts';
import { checkpointLine, headerLine } from './export-log.ts';

/** What an outsider knows. */
export interface VerifyExportOptions {
  /** The log's public key as `name+hash+base64`, from a source the checker trusts. */
  readonly publicKey: string;
  /** A checkpoint kept from earlier. */
  readonly keptCheckpoint?: string;
}

/**
 * Checks an exported log with the public key alone. `lines` are the lines of the file, with or without their newlines;
 * everything in them may have been written by an attacker. Findings are returned, not thrown.
 * @throws MexError `SIGNER_KEY_INVALID`.
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyExportOptions,
): Promise<VerifyReport> {
  const key = parseVerifierKey(options.publicKey);
  const findings = new Findings();
  const run = new ExportCheck(key, new KeptCheckpoint(options.keptCheckpoint, key, findings), findings);
  for await (const line of lines) run.line(line.endsWith('\n') ? line.slice(0, -1) : line);
  return run.report();
}

class ExportCheck {
  readonly #key: VerifierKey;
  readonly #kept: KeptCheckpoint;
  readonly #findings: Findings;
  readonly #prunes = new PruneRecords();
  #base: Frontier | undefined;
  #tree = Frontier.empty();
  #signedSize = 0;
  #lines = 0;

  constructor(key: VerifierKey, kept: KeptCheckpoint, findings: Findings) {
    this.#key = key;
    this.#kept = kept;
    this.#findings = findings;
  }

  line(text: string): void {
    this.#lines += 1;
    const value = parseStored(text);
    if (typeof value !== 'object' || value === null) {
      this.#findings.add('EXPORT_MALFORMED', `Line ${this.#lines} is no JSON object.`);
    } else if (this.#base === undefined) {
      this.#start(value, text);
    } else if (Object.hasOwn(value, 'checkpoint')) {
      this.#checkpoint(Reflect.get(value, 'checkpoint'), text);
    } else {
      this.#event(value, text);
    }
  }

  #start(header: object, text: string): void {
    const first = Reflect.get(header, 'first');
    const frontier = Reflect.get(header, 'frontier');
    const bytes = Buffer.from(typeof frontier === 'string' ? frontier : '', 'base64');
    try {
      this.#base = Frontier.fromBytes(Number(first), bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#base = Frontier.empty();
    }
    // The header is not signed, so it may say nothing that is not checked here or needed by the checkpoint.
    if (text !== headerLine(this.#key.name, this.#base)) {
      this.#findings.add('EXPORT_MALFORMED', 'The first line is not the header of an exported log of this key.');
    }
    this.#tree = this.#base.clone();
    this.#kept.check(this.#tree);
  }

  #event(event: object, text: string): void {
    const seq = this.#tree.size;
    if (!isCanonical(event, text)) {
      this.#findings.add('EVENT_NOT_CANONICAL', 'The event is not the canonical JSON of an object.', { seq });
    }
    this.#tree.push(leafHash(text.toWellFormed()));
    this.#prunes.note(event);
    this.#kept.check(this.#tree);
  }

  #checkpoint(value: unknown, text: string): void {
    const note = typeof value === 'string' ? value : '';
    if (text !== checkpointLine(note)) {
      this.#findings.add('EXPORT_MALFORMED', `Line ${this.#lines} is not as an export writes a checkpoint.`);
    }
    try {
      const { size, root } = verifyCheckpoint(note, this.#key);
      if (size === this.#tree.size && sameHash(root, this.#tree.root())) {
        this.#signedSize = size;
      } else {
        this.#findings.add('CHECKPOINT_MISMATCH', `The events before line ${this.#lines} are not the ones signed.`);
      }
    } catch (error) {
      if (!(error instanceof MexError)) throw error;
      this.#findings.add('CHECKPOINT_INVALID', `Line ${this.#lines}: ${error.message}`);
    }
  }

  report(): VerifyReport {
    const base = this.#base ?? Frontier.empty();
    const { size } = this.#tree;
    if (this.#base === undefined) this.#findings.add('EXPORT_MALFORMED', 'There is no header: the export is empty.');
    checkPruning(base, this.#prunes, this.#findings);
    this.#kept.finish(base.size, size);
    if (this.#signedSize < size) {
      this.#findings.add('TAIL_UNSIGNED', `No checkpoint covers events ${this.#signedSize} to ${size - 1}.`);
    }
    return {
      ok: this.#findings.ok,
      trust: 'public-key',
      size,
      first: base.size,
      root: Buffer.from(this.#tree.root()).toString('hex'),
      signed_size: this.#signedSize,
      problems: this.#findings.problems,
      more_problems: this.#findings.more,
    };
  }
}
