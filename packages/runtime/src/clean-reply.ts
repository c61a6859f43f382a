import { clipText } from '@mex/envelope';
import { type JsonValue, type Redactor, redact, redactJson, stripControl } from '@mex/guard';
import type { EngineReply, ReportedProblem } from './sandbox/protocol.ts';

/** What masks an engine's words. */
export type Mask = Pick<Redactor, 'redact' | 'redactJson'>;

/** By what looks like a secret alone; enough where no secret was handed out. */
const PATTERNS: Mask = { redact, redactJson };

/**
 * An engine's words as they may be recorded, logged, shown and returned: secrets masked, terminal control sequences
 * taken out (CONTRACT §9, §14 E). Hashes are taken afterwards. Outputs are bytes and stay what they are.
 */
export function cleanReply(reply: EngineReply, mask: Mask = PATTERNS): EngineReply {
  const { error, summary } = reply;
  const cleanText = (text: string, limit: number): string => clean(text, limit, mask);
  return {
    ...reply,
    log: reply.log.map((line) => cleanText(line, 2_000)),
    problems: reply.problems.map((problem) => cleanProblem(problem, mask)),
    ...(error === undefined
      ? {}
      : { error: { ...error, code: cleanText(error.code, 96), message: cleanText(error.message, 1_000) } }),
    ...(summary === undefined ? {} : { summary: cleanSummary(summary, mask) }),
  };
}

/** Stripped first: a control character in the middle would hide a secret from the mask. Clipped last: masks make text longer. */
function clean(text: string, limit: number, mask: Mask): string {
  return clipText(mask.redact(stripControl(text)), limit);
}

/** Control characters stay in a summary: it is JSON, where they are escaped; who prints it strips them. */
function cleanSummary(summary: Readonly<Record<string, unknown>>, mask: Mask): Readonly<Record<string, unknown>> {
  // It was read from JSON text, so it is made of JSON values.
  const masked: unknown = mask.redactJson(summary as JsonValue);
  return typeof masked === 'object' && masked !== null && !Array.isArray(masked) ? { ...masked } : {};
}

function cleanProblem(problem: ReportedProblem, mask: Mask): ReportedProblem {
  const { title, message, locations } = problem;
  return {
    ...problem,
    title: clean(title, 500, mask),
    message: clean(message, 2_000, mask),
    ...(locations === undefined
      ? {}
      : { locations: locations.map((place) => ({ ...place, path: clean(place.path, 1_000, mask) })) }),
  };
}
