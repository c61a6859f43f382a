import {
  BOUNDS,
  clipText,
  createChecker,
  EngineResult,
  MexError,
  ProblemReport,
  quoteText,
  type ResultError,
  Severity,
} from '@mex/envelope';
import type { Gate, GateDenial, Verdict } from './gate.ts';

/** Codes of what is wrong with a gate itself. */
export type GateErrorCode = 'GATE_ID_TAKEN' | 'GATE_INVALID';

// A denial ends up in a result, an event and a Problem: it has to fit where it goes, or nothing could be recorded.
const resultErrors = createChecker(EngineResult.properties.errors.items);
const severities = createChecker(Severity);
const ids = createChecker(ProblemReport.properties.code);

/**
 * The gate as the pipeline asks it: read once, so that nobody changes it later, and with its methods bound, because the
 * methods of a class are not its own members and a copy of members would silently lose them.
 * @throws MexError `GATE_INVALID`.
 */
export function takeGate(gate: Gate): Gate {
  const { id, pre, post } = gate;
  if (!ids.check(id)) throw invalid(`The id ${quoteText(String(id))} is not 1 to 256 characters without white space.`);
  for (const check of [pre, post]) {
    if (check !== undefined && typeof check !== 'function')
      throw invalid(`Gate "${id}" has a check that is no function.`);
  }
  if (pre === undefined && post === undefined)
    throw invalid(`Gate "${id}" checks nothing: it has neither pre nor post.`);
  return Object.freeze({
    id,
    ...(pre === undefined ? {} : { pre: pre.bind(gate) }),
    ...(post === undefined ? {} : { post: post.bind(gate) }),
  });
}

/** Asks one gate. Whatever is no answer denies: fail closed (CONTRACT §2). */
export function askGate(gate: Gate, check: (gate: Gate) => unknown): Verdict {
  try {
    const answer = check(gate);
    if (answer === undefined) return undefined;
    if (typeof answer !== 'object' || answer === null) return failed(gate, 'answered neither pass nor a denial');
    if ('then' in answer && typeof answer.then === 'function') {
      // Nobody waits for it; a rejection that nobody hears would end the process.
      Promise.resolve(answer).catch(() => undefined);
      return failed(gate, 'answered a promise, and gates are synchronous');
    }
    return readDenial(gate, answer) ?? failed(gate, 'answered with an incomplete denial');
  } catch {
    return failed(gate, 'threw an error');
  }
}

function readDenial({ id }: Gate, answer: Partial<Record<keyof GateDenial, unknown>>): GateDenial | undefined {
  const { code, kind, reason, severity, remedy, retryable } = answer;
  if (typeof reason !== 'string' || typeof remedy !== 'string' || !severities.check(severity)) return undefined;
  const error: unknown = { code, kind, message: clip(reason), retryable, remedy: clip(remedy), gate: id };
  if (!resultErrors.check(error)) return undefined;
  return toDenial(id, error, clip(remedy), severity);
}

function toDenial(gate: string, error: ResultError, remedy: string, severity: GateDenial['severity']): GateDenial {
  const { code, kind, message, retryable } = error;
  return { gate, code, kind, reason: message, severity, remedy, retryable };
}

function clip(text: string): string {
  return clipText(text, BOUNDS.maxMessageChars);
}

function failed(gate: Gate, what: string): GateDenial {
  return {
    gate: gate.id,
    code: 'GATE_FAILED',
    kind: 'internal',
    reason: `Gate ${gate.id} ${what}; an unanswered gate denies.`,
    severity: 'error',
    remedy: `Repair or remove the gate ${gate.id}.`,
    retryable: false,
  };
}

function invalid(message: string): MexError<GateErrorCode> {
  const remedy = 'Give it an id such as G-ACME-LICENSE, and a synchronous pre, post or both.';
  return new MexError({ code: 'GATE_INVALID', kind: 'validation', message, remedy });
}
