import { EVENT_IDS, EVENT_SCHEMAS, type FlightEventType, SystemEvents } from '@mex/envelope';
import type { EventFilter } from '@mex/flight-recorder';
import { type Invocation, optionText } from './command.ts';
import { suggest } from './suggest.ts';
import { usageError } from './usage-error.ts';

/** The conditions of `--op`, `--run` and `--type`. @throws MexError `CLI_USAGE` for a type that does not exist */
export function readFilter(invocation: Invocation): Pick<EventFilter, 'op' | 'run' | 'type' | 'subject'> {
  const op = optionText(invocation, 'op');
  const run = optionText(invocation, 'run');
  return {
    ...(op === undefined ? {} : { op }),
    ...(run === undefined ? {} : { run }),
    ...readType(optionText(invocation, 'type')),
  };
}

/** Event types by name, by FR-EVT id, and system events by subject (CONTRACT §11). */
function readType(text: string | undefined): Pick<EventFilter, 'type' | 'subject'> {
  if (text === undefined) return {};
  const byId = Object.entries(EVENT_IDS).find(([, id]) => id === text.toUpperCase())?.[0];
  const name = byId ?? text;
  if (isEventType(name)) return { type: name };
  const subjects: string[] = SystemEvents.map((schema) => schema.properties.subject.const);
  if (subjects.includes(name)) return { type: 'system', subject: name };
  const known = ['system', ...Object.keys(EVENT_SCHEMAS), ...subjects];
  const near = suggest(text, known);
  const remedy =
    near === undefined
      ? `Types: system, ${Object.keys(EVENT_SCHEMAS).join(', ')}; or a subject, e.g. engine.run`
      : `Did you mean: ${near}`;
  throw usageError(`There is no event type "${text}".`, remedy);
}

function isEventType(name: string): name is FlightEventType {
  return name === 'system' || Object.hasOwn(EVENT_SCHEMAS, name);
}
