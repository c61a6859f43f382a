import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

/**
 * What no engine can foresee: an engine that knows this harness, its words and its figures, could behave for them alone.
 * Everything is drawn from one seed by name, whatever the order, so that the same seed finds the same again.
 */
export class Chance {
  /** 32 lower-case hexadecimal digits. */
  readonly seed: string;

  constructor(seed: string = randomBytes(16).toString('hex')) {
    this.seed = seed;
  }

  /** A whole number of `least` to `most`, both included. */
  number(name: string, least: number, most: number): number {
    // 48 bits: far more than any range that is drawn from, and exact as a number.
    const drawn = this.draw(name).readUIntBE(0, 6);
    return least + (drawn % (Math.floor(most) - Math.ceil(least) + 1));
  }

  /** `length` lower-case letters. */
  word(name: string, length: number): string {
    let word = '';
    for (let at = 0; word.length < length; at += 1)
      for (const byte of this.draw(`${name} ${at}`)) word += ALPHABET[byte % ALPHABET.length];
    return word.slice(0, length);
  }

  private draw(name: string): Buffer {
    return createHash('sha256').update(`${this.seed} ${name}`).digest();
  }
}
