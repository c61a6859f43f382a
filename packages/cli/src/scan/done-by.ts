import type { EngineResult } from '@mex/envelope';
import { shown } from './shown-text.ts';

/** Digests of a tool and its interpreter, as `tool_versions` has them before what the tool says of itself. */
const DIGESTS = /^sha256:[0-9a-f]{64}(?: run by sha256:[0-9a-f]{64})?\s*/;

/** Names the external program that did the work of a check, with what it said of its version; empty for the engine itself. */
export function doneBy({ provenance }: Pick<EngineResult, 'provenance'>): string {
  const { implementation = 'builtin', environment } = provenance;
  if (implementation === 'builtin') return '';
  const version = environment.tool_versions[implementation]?.replace(DIGESTS, '') ?? '';
  return `by ${shown(implementation, 40)}${version === '' ? '' : ` (${shown(version, 60)})`}`;
}

/** What vulnerabilities were looked up in, and how old that is. @param source as the report of the scan names it */
export function describeSource(source: unknown, age: string): string {
  if (typeof source !== 'string' || source === 'snapshot') return `database ${age}`;
  if (URL.canParse(source)) return `answers of ${shown(new URL(source).host, 80)}`;
  return `database of ${shown(source, 40)}`;
}
