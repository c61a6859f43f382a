import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Signer } from '../checkpoint/signer.ts';
import { Frontier } from '../merkle/frontier.ts';

/** The log's own record of where it stands: one row, rewritten in every transaction. */
export interface LogHead {
  readonly origin: string;
  readonly verifierKey: string | undefined;
  /** Tree of the events that retention removed. Its size is the first kept position. */
  readonly base: Frontier;
  readonly tree: Frontier;
  readonly seal: Uint8Array | undefined;
}

/** Reads the head row. @throws RangeError when it is missing or its parts do not belong together. */
export function readHead(db: DatabaseSync): LogHead {
  const row = db.prepare('SELECT * FROM log_head WHERE id = 0').get();
  const { origin, verifier_key: key, base, base_frontier, size, frontier, seal } = row ?? {};
  if (
    typeof origin !== 'string' ||
    typeof base !== 'number' ||
    typeof size !== 'number' ||
    !(base_frontier instanceof Uint8Array) ||
    !(frontier instanceof Uint8Array) ||
    base > size
  ) {
    throw new RangeError('the head row is missing or damaged');
  }
  return {
    origin,
    verifierKey: typeof key === 'string' ? key : undefined,
    base: Frontier.fromBytes(base, base_frontier),
    tree: Frontier.fromBytes(size, frontier),
    seal: seal instanceof Uint8Array ? seal : undefined,
  };
}

/**
 * Makes the seal of a head: an HMAC that ties the tree at its present size to the signing key.
 *
 * Why not an Ed25519 signature in every transaction: it costs a third of a durable commit, and a governed operation
 * commits twice. The HMAC costs a thirtieth. It protects the events after the last signed checkpoint from everybody who
 * has not the key; whoever checks with the public key alone relies on the checkpoints, which follow within a second.
 */
export class HeadSealer {
  readonly #key: KeyObject | undefined;

  /** Without a signer heads carry no seal. */
  constructor(signer: Signer | undefined) {
    if (signer === undefined) return;
    // The second line can be no tree size, so this is never a checkpoint. Ed25519 signatures of one text are all the same.
    const secret = signer.sign(Buffer.from(`${signer.keyName}\nhead seal key\n`));
    this.#key = createSecretKey(hash('sha256', secret, 'buffer'));
  }

  seal(head: Pick<LogHead, 'origin' | 'base' | 'tree'>): Uint8Array | undefined {
    if (this.#key === undefined) return undefined;
    const text = `mex-log-head-1\n${head.origin}\n${head.base.size}\n${head.tree.size}\n`;
    return createHmac('sha256', this.#key)
      .update(text)
      .update(head.base.toBytes())
      .update(head.tree.toBytes())
      .digest();
  }

  /** Whether a stored head carries the seal it must have: the right one, or none when nothing seals. */
  check(head: LogHead): boolean {
    const expected = this.seal(head);
    if (expected === undefined || head.seal === undefined) return head.seal === expected;
    return Buffer.compare(expected, head.seal) === 0;
  }
}
