import { hash } from 'node:crypto';
import type { Signer } from '../checkpoint/signer.ts';
import { sameHash } from '../merkle/hash.ts';
import type { LogHead } from './head.ts';
import { Hmac } from './hmac.ts';

/**
 * Makes seals: HMACs that tie the tree at its present size, and the texts of problems, to the signing key.
 *
 * Why not an Ed25519 signature in every transaction: it costs a third of a durable commit, and a governed operation
 * commits twice. The HMAC costs a thirtieth. It protects the events after the last signed checkpoint from everybody who
 * has not the key; whoever checks with the public key alone relies on the checkpoints, which follow within a second of
 * quiet.
 */
export class Sealer {
  readonly #hmac: Hmac;

  /** Without a signer the seals are checksums that anybody can make: they find accidents only. */
  constructor(signer: Signer | undefined) {
    // The second line can be no tree size, so this is never a checkpoint. Ed25519 signatures of one text are all the same.
    const secret = signer?.sign(Buffer.from(`${signer.keyName}\nhead seal key\n`)) ?? 'unsigned log';
    this.#hmac = new Hmac(hash('sha256', secret, 'buffer'));
  }

  sealHead(head: Pick<LogHead, 'origin' | 'base' | 'tree'>): Uint8Array {
    const text = `mex-log-head-1\n${head.origin}\n${head.base.size}\n${head.tree.size}\n`;
    return this.#hmac.of(Buffer.from(text), head.base.toBytes(), head.tree.toBytes());
  }

  checkHead(head: LogHead): boolean {
    return sameHash(this.sealHead(head), head.seal);
  }

  /** `report` is the stored text of the problem `id`. */
  sealReport(id: string, report: string): Uint8Array {
    return this.#hmac.of(Buffer.from(`mex-log-problem-1\n${id}\n${report}`));
  }
}
