import { type JsonObject, type JsonValue, parseStrictJson } from '@mex/envelope/json';
import { EngineError } from '../context.ts';

const MIB = 1024 * 1024;
const BOUNDS = { maxBytes: 64 * MIB, maxStringBytes: 16 * MIB, maxKeys: 5_000_000, maxDepth: 128 };

/**
 * The JSON report of a program. Its bytes are a stranger's: a tool quotes what it scanned.
 * @throws EngineError `TOOL_REPORT_INVALID`
 */
export function parseToolReport(tool: string, bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), BOUNDS);
  } catch (cause) {
    const code =
      cause instanceof Error && !(cause instanceof TypeError) && 'code' in cause ? String(cause.code) : 'not UTF-8';
    throw new EngineError('TOOL_REPORT_INVALID', `The report of ${tool} is no JSON that can be taken (${code}).`);
  }
}

/** The members of an object; none of anything else. */
export function membersOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** The entries of a list; none of anything else. */
export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty. */
export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
