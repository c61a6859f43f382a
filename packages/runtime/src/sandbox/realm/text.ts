import type { BufferLedger } from './buffers.ts';
import { DomException } from './events.ts';
import { hide } from './object.ts';

const NativeEncoder = TextEncoder;
const NativeDecoder = TextDecoder;
const nativeAtob = atob;
const nativeBtoa = btoa;

/**
 * The text functions of the web, over natives that the engine never holds: Node's own objects carry internal handles
 * under symbols.
 */
export function installText(ledger: BufferLedger): void {
  const native = new NativeEncoder();
  class TextEncoder {
    get encoding(): string {
      return 'utf-8';
    }
    encode(text: unknown = ''): Uint8Array {
      const source = String(text);
      ledger.charge(source.length);
      const bytes = native.encode(source);
      ledger.charge(bytes.byteLength - source.length);
      return bytes;
    }
    encodeInto(text: unknown, into: Uint8Array): { read: number; written: number } {
      return native.encodeInto(String(text), into);
    }
  }
  hide(globalThis, 'TextEncoder', TextEncoder);
  holdDecoder = (decoder) => ledger.hold(decoder, DECODER_BYTES);
  hide(globalThis, 'TextDecoder', SafeTextDecoder);
  hide(globalThis, 'atob', (text: unknown): string => guardBase64(nativeAtob, text));
  hide(globalThis, 'btoa', (text: unknown): string => guardBase64(nativeBtoa, text));
}

/** A converter of ICU, which V8 does not count. */
const DECODER_BYTES = 2_048;
let holdDecoder: ((decoder: object) => void) | undefined;

class SafeTextDecoder {
  readonly #native: TextDecoder;
  constructor(label: string = 'utf-8', options?: { fatal?: unknown; ignoreBOM?: unknown }) {
    const flags = { fatal: options?.fatal === true, ignoreBOM: options?.ignoreBOM === true };
    try {
      this.#native = new NativeDecoder(`${label}`, flags);
    } catch {
      throw new RangeError(`The encoding ${`${label}`.slice(0, 40)} is not known.`);
    }
    holdDecoder?.(this);
  }
  get encoding(): string {
    return this.#native.encoding;
  }
  get fatal(): boolean {
    return this.#native.fatal;
  }
  get ignoreBOM(): boolean {
    return this.#native.ignoreBOM;
  }
  decode(bytes?: Parameters<TextDecoder['decode']>[0], options?: { stream?: unknown }): string {
    try {
      return this.#native.decode(bytes, { stream: options?.stream === true });
    } catch {
      throw Object.assign(new TypeError(`The bytes are not valid ${this.#native.encoding}.`), {
        code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
      });
    }
  }
}
Object.defineProperty(SafeTextDecoder, 'name', { value: 'TextDecoder' });

function guardBase64(convert: (text: string) => string, text: unknown): string {
  const source = String(text);
  try {
    return convert(source);
  } catch {
    throw new DomException('The text is not valid here.', 'InvalidCharacterError');
  }
}
