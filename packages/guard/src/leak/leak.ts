/**
 * How a value was hidden:
 * - `plain`: as it is; `case-changed`: letters in another case; `split`: something that is no letter or digit between its parts
 * - `escaped`: percent, HTML, JSON or Unicode escapes, whole or in part; `reversed`: back to front
 * - `base64`, `hex`, `decimal` (a list of byte values): those encodings, with separators or without; `utf-16`: two bytes a character
 * - `encoded-twice`: one of base64 and hex within the other, or base64 back to front
 */
export type LeakForm =
  | 'plain'
  | 'case-changed'
  | 'split'
  | 'escaped'
  | 'reversed'
  | 'base64'
  | 'hex'
  | 'decimal'
  | 'utf-16'
  | 'encoded-twice';

/** One known value in one form. It never holds the value, so it may be recorded, logged and exported. */
export interface Leak {
  /** Which value, counted from 0 in the order they were given. */
  readonly value: number;
  readonly form: LeakForm;
  /** Where the first one stands: bytes from the start of bytes and streams, UTF-16 code units in a text. */
  readonly start: number;
  /** One past its end. */
  readonly end: number;
}

/** Looks for values in content that arrives in pieces; a value that is cut by their borders is found. */
export interface LeakStream {
  /** Adds content. The bytes are not kept. A text is read as UTF-8. */
  push(piece: string | Uint8Array): void;
  /** Everything that was found. Nothing can be added afterwards; asking again gives the same. */
  finish(): readonly Leak[];
}

/** Finds values that an engine was handed, whatever they were made into (CONTRACT §9). */
export interface LeakDetector {
  /** Leaks in one text, name or content, by value and place; positions as in {@link Leak.start}. */
  find(content: string | Uint8Array): readonly Leak[];
  /** Whether {@link LeakDetector.find} would find anything. */
  holds(content: string | Uint8Array): boolean;
  /** A fresh stream; several can be open at once. */
  stream(): LeakStream;
}

/** One find, in the offsets of what was read. */
export type LeakSink = (leak: Leak) => void;
