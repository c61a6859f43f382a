// What an engine returned or threw, as text of the reply. Runs on the engine's side, on the engine's own budget.
import { parseStrictJson } from '@mex/envelope/json';
import { callError, originOf } from './call-error.ts';
import { cut } from './engine-report.ts';
import { PROTOCOL_LIMITS } from './protocol.ts';

/** The summary as JSON text of an object. A getter or `toJSON` of the engine runs here. @throws CallError, or what the engine throws */
export function summaryText(value: unknown): string {
  if (value === undefined || value === null) return '{}';
  const text = JSON.stringify(value);
  if (text === undefined || text[0] !== '{')
    throw callError('SUMMARY_INVALID', 'An operation returns an object of small facts, or nothing.');
  if (text.length > PROTOCOL_LIMITS.maxSummaryChars)
    throw callError('SUMMARY_INVALID', 'The summary is too large. Put what is large into an output.');
  try {
    parseStrictJson(text, {
      maxBytes: PROTOCOL_LIMITS.maxSummaryChars * 3,
      maxKeys: PROTOCOL_LIMITS.maxSummaryKeys,
      maxDepth: PROTOCOL_LIMITS.maxSummaryDepth,
    });
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : 'it is no JSON';
    throw callError('SUMMARY_INVALID', `The summary cannot be recorded: ${cut(why, 500)}`);
  }
  return text;
}

/** A thrown value may lie: proxies, getters that throw or loop. It is read once, here, never in the host. */
export function thrownText(thrown: unknown): string {
  const origin = originOf(thrown);
  if (origin !== undefined) return errorText(origin.code, origin.message, false, true);
  try {
    if (typeof thrown !== 'object' || thrown === null)
      return errorText('ENGINE_FAILED', cut(String(thrown), 1_000), false, false);
    const code: unknown = Reflect.get(thrown, 'code');
    const message: unknown = Reflect.get(thrown, 'message');
    return errorText(
      typeof code === 'string' ? cut(code, 96) : 'ENGINE_FAILED',
      typeof message === 'string' ? cut(message, 1_000) : 'The engine threw something that is no error.',
      Reflect.get(thrown, 'retryable') === true,
      false,
    );
  } catch {
    return errorText('ENGINE_FAILED', 'The engine threw something that cannot be read.', false, false);
  }
}

function errorText(code: string, message: string, retryable: boolean, fromBroker: boolean): string {
  return JSON.stringify({ code, message: cut(message, 1_000), retryable, from_broker: fromBroker });
}
