import { formatPointer, type JsonPath } from './json/refusal.ts';
import { escapeControls } from './quote.ts';

const MAX_MESSAGE = 500;

/** One thing wrong with a value: where (JSON Pointer, `/` for the whole) and what was expected. */
export interface SchemaIssue {
  readonly path: string;
  readonly message: string;
}

/** An issue at a place. Keys on the way are hostile and shortened; nothing of path or message can start a line or turn text around. */
export function issueAt(path: JsonPath, message: string): SchemaIssue {
  return {
    path: path.length === 0 ? '/' : formatPointer(path),
    message: escapeControls(message.slice(0, MAX_MESSAGE)),
  };
}

/** `/`-separated text of a JSON Pointer as keys. */
export function readPointer(pointer: string): JsonPath {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}
