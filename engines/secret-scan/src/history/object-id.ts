import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/** Bytes of an object's name: SHA-1. */
export const ID_BYTES = 20;

/** What git keeps. */
export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

/** An object of git whose content is what its name says. */
export interface GitObject {
  readonly type: ObjectType;
  readonly content: Uint8Array;
}

const TYPES: readonly string[] = ['commit', 'tree', 'blob', 'tag'] satisfies ObjectType[];

export function isObjectType(word: string): word is ObjectType {
  return TYPES.includes(word);
}

/** The name of an object, in hexadecimal. */
export function objectId(type: ObjectType, content: Uint8Array): string {
  const hash = sha1.create();
  hash.update(utf8ToBytes(`${type} ${content.length}\0`));
  hash.update(content);
  return bytesToHex(hash.digest());
}

/** The name that stands at a place, in hexadecimal. */
export function hexAt(bytes: Uint8Array, at: number): string {
  return bytesToHex(bytes.subarray(at, at + ID_BYTES));
}

/** @param hex 40 hexadecimal digits */
export function idBytes(hex: string): Uint8Array {
  return hexToBytes(hex);
}

export const HEX_ID = /^[0-9a-f]{40}$/;
/** The name of an object of a SHA-256 repository. */
export const LONG_HEX_ID = /^[0-9a-f]{64}$/;
