import { createReadStream } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SecretLeak } from '@mex/gates';
import { createLeakDetector, createRedactor, type Leak, type Redactor } from '@mex/guard';
import type { StagedOutput } from './broker/fs-write.ts';

/** What is looked through as if it were one. */
type Parts = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Looks for secrets that an operation handed out in what came back (CONTRACT §9, G-SECRETS). */
export interface LeakSearch {
  /** Masks what looks like a secret, and the handed values in every form. */
  readonly redactor: Redactor;
  /** In the engine's last words: summary, log, Problems, error. Taken before anything is masked. */
  readonly inReply: (text: string) => readonly SecretLeak[];
  /** Values in any form that stand in these parts, or across two of them. Long parts are read in turns with other work. */
  readonly valuesIn: (parts: Parts) => Promise<readonly string[]>;
  /** In outputs and their names; large ones are read from the shadow workspace. */
  readonly inOutputs: (staged: Iterable<StagedOutput>) => Promise<readonly SecretLeak[]>;
}

/** So many bytes are looked through in one go: a few milliseconds. */
const TURN_BYTES = 256 * 1024;

/** Made once for what was handed out so far: for a long value it takes longer than most operations. */
const made = new WeakMap<ReadonlyMap<string, string>, { readonly size: number; readonly search: LeakSearch }>();

/**
 * @param handed value → id of every secret that left MEX; it only grows. `undefined` where there was none: nothing to
 * look for.
 */
export function searchFor(handed: ReadonlyMap<string, string>): LeakSearch | undefined {
  const { size } = handed;
  if (size === 0) return undefined;
  const known = made.get(handed);
  if (known?.size === size) return known.search;
  const search = makeSearch(handed);
  made.set(handed, { size, search });
  return search;
}

function makeSearch(handed: ReadonlyMap<string, string>): LeakSearch {
  const values = [...handed.keys()];
  const ids = [...handed.values()];
  const detector = createLeakDetector(values);
  const name = (where: string, leaks: readonly Leak[]): SecretLeak[] =>
    leaks.map(({ value, form }) => ({ secretId: ids[value] ?? 'unknown', where, form }));
  return {
    redactor: createRedactor({ values }),
    inReply: (text) => {
      const leaks = detector.find(text);
      // One line after the other, with nothing between: a short value in two halves.
      const all = leaks.length > 0 ? leaks : detector.find(text.replaceAll('","', ''));
      return name('log, summary, Problems or error', all);
    },
    async valuesIn(parts) {
      const stream = detector.stream();
      for await (const part of parts) {
        const bytes = typeof part === 'string' ? Buffer.from(part) : part;
        for (let at = 0; at < bytes.byteLength; at += TURN_BYTES) {
          if (at > 0) await nextTurn();
          stream.push(bytes.subarray(at, at + TURN_BYTES));
        }
      }
      return [...new Set(stream.finish().flatMap(({ value }) => values[value] ?? []))];
    },
    async inOutputs(staged) {
      const found: SecretLeak[] = [];
      const names = detector.stream();
      // One value may be cut in two and lie in two outputs.
      const together = detector.stream();
      for (const { declaration, content } of staged) {
        names.push(`${declaration.name}\n`);
        const alone = detector.stream();
        await eachPiece(content, (piece) => {
          alone.push(piece);
          together.push(piece);
        });
        found.push(...name(`output "${declaration.name}"`, alone.finish()));
      }
      const spread = found.length === 0 ? name('outputs taken together', together.finish()) : [];
      return [...found, ...spread, ...name('the names of outputs', names.finish())];
    },
  };
}

/** The bytes of an output, in order; a large one lies in a file of the shadow workspace. */
async function eachPiece(content: StagedOutput['content'], use: (piece: Uint8Array) => void): Promise<void> {
  if (typeof content !== 'string') return use(content);
  for await (const chunk of createReadStream(content, { highWaterMark: 1024 * 1024 })) {
    if (chunk instanceof Uint8Array) use(chunk);
  }
}
