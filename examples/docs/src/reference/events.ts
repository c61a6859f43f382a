import { subjectComments } from './doc-comments.ts';
import { readSchema } from './documents.ts';
import { anchor, code, generated, stack, table } from './markdown.ts';
import { Meanings } from './meaning.ts';
import { type Schema, type SchemaRow, schemaRows } from './schema-rows.ts';

const SYSTEM = 'packages/envelope/src/documents/system-event.ts';

/** `events.md`: everything the flight recorder takes. */
export function renderEvents(): string {
  const { anyOf: events = [] } = readSchema('flight-event.schema.json');
  const [first] = events;
  if (first === undefined) throw new Error('the schema of events lists none');
  const base = new Set(commonNames(events));
  const plain = events.filter((event) => event.properties?.['subject'] === undefined);
  const system = events.filter((event) => event.properties?.['subject'] !== undefined);
  const meanings = new Meanings('flight-event', 'packages/envelope/src/documents/event.ts');
  return stack(
    generated(
      'Events',
      '`packages/envelope/schemas/flight-event.schema.json`',
      'What the flight recorder holds. Nothing else is accepted: an event of another shape is refused with [HSK-400-INVALID-EVENT](../errors/HSK-400-INVALID-EVENT.md). Events carry references and digests, never payloads; `mex log list --type <type>` takes a type, an FR-EVT id or a subject.',
    ),
    '## Members of every event',
    rowTable(
      schemaRows(first).filter(({ path }) => base.has(path)),
      meanings,
    ),
    '## Events by type',
    plain.map((event) => renderPlain(event, base, meanings)),
    '## System events',
    'Type `system`: a `subject`, and a `body` of its own for each.',
    table(
      ['subject', 'says'],
      system.map((event) => [`[${subjectOf(event)}](#${anchor(subjectOf(event))})`, sayingOf(event)]),
    ),
    system.map(renderSystem),
  );
}

function renderPlain(event: Schema, base: ReadonlySet<string>, meanings: Meanings): string {
  const [top = ''] = event.title?.split(' ').toReversed() ?? [];
  const own = schemaRows(event).filter(({ path }) => path !== 'type' && !base.has(path));
  return stack(
    `### ${event.title}`,
    own.length === 0 ? `Type ${code(top)}: the members of every event.` : `Type ${code(top)}.`,
    rowTable(own, meanings),
  );
}

const comments = subjectComments(SYSTEM);
const bodies = new Meanings('system-event', SYSTEM);

function renderSystem(event: Schema): string {
  const body = event.properties?.['body'] ?? {};
  return stack(`### ${subjectOf(event)}`, sayingOf(event), rowTable(schemaRows(body), bodies));
}

function sayingOf(event: Schema): string {
  return comments.get(subjectOf(event)) ?? '';
}

function subjectOf(event: Schema): string {
  const subject = event.properties?.['subject']?.const;
  return typeof subject === 'string' ? subject : '';
}

function commonNames(events: readonly Schema[]): string[] {
  const [first, ...rest] = events.map((event) => Object.keys(event.properties ?? {}));
  return (first ?? []).filter((name) => name !== 'type' && rest.every((names) => names.includes(name)));
}

function rowTable(rows: readonly SchemaRow[], meanings: Meanings): string {
  return table(
    ['member', 'required', 'type', 'bounds', 'meaning'],
    rows.map((row) => [code(row.path), row.required ? 'yes' : 'no', row.type, row.bounds, meanings.of(row)]),
  );
}
