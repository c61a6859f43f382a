import { clipText } from '@mex/envelope';
import { type JsonValue, redact, redactJson, stripControl } from '@mex/guard';
import type { EngineReply, ReportedProblem } from './sandbox/protocol.ts';

/**
 * An engine's words as they may be recorded, logged, shown and returned: secrets masked, terminal control sequences
 * taken out (CONTRACT §9, §14 E). Hashes are taken afterwards. Outputs are bytes and stay what they are.
 */
export function cleanReply(reply: EngineReply): EngineReply {
  const { error, summary } = reply;
  return {
    ...reply,
    log: reply.log.map((line) => cleanText(line, 2_000)),
    problems: reply.problems.map(cleanProblem),
    ...(error === undefined
      ? {}
      : { error: { ...error, code: cleanText(error.code, 96), message: cleanText(error.message, 1_000) } }),
    ...(summary === undefined ? {} : { summary: cleanSummary(summary) }),
  };
}

/** Stripped first: a control character in the middle would hide a secret from the mask. Clipped last: masks make text longer. */
function cleanText(text: string, limit: number): string {
  return clipText(redact(stripControl(text)), limit);
}

/** Control characters stay in a summary: it is JSON, where they are escaped; who prints it strips them. */
function cleanSummary(summary: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  // It was read from JSON text, so it is made of JSON values.
  const masked: unknown = redactJson(summary as JsonValue);
  return typeof masked === 'object' && masked !== null && !Array.isArray(masked) ? { ...masked } : {};
}

function cleanProblem(problem: ReportedProblem): ReportedProblem {
  const { title, message, locations } = problem;
  return {
    ...problem,
    title: cleanText(title, 500),
    message: cleanText(message, 2_000),
    ...(locations === undefined
      ? {}
      : { locations: locations.map((place) => ({ ...place, path: cleanText(place.path, 1_000) })) }),
  };
}
