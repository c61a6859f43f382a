import { anchor, code, generated, stack, table } from './markdown.ts';
import { Meanings } from './meaning.ts';
import { listNames, readText } from './read.ts';
import { type Schema, schemaRows } from './schema-rows.ts';

const FOLDER = 'packages/envelope/schemas';
const END = '.schema.json';

/** `documents.md`: every published schema but that of events. */
export function renderDocuments(): string {
  const documents = listNames(FOLDER)
    .filter((file) => file.endsWith(END) && file !== `flight-event${END}`)
    .map((file) => ({ name: file.slice(0, -END.length), schema: readSchema(file) }));
  return stack(
    generated(
      'Documents',
      `the JSON Schemas in \`${FOLDER}\``,
      'Every document that crosses a boundary of MEX. Members that are not listed are refused. Times are RFC 3339 in UTC, digests SHA-256 in lower-case hex, and what is digested is canonical JSON (RFC 8785).',
    ),
    table(
      ['document', '`schema_version`', 'what it is'],
      documents.map(({ name, schema }) => [
        `[${name}](#${anchor(name)})`,
        versionOf(schema),
        schema.description?.replace(/ \(CONTRACT §[^)]*\)/, '') ?? '',
      ]),
    ),
    documents.map(({ name, schema }) => renderDocument(name, schema)),
  );
}

export function readSchema(file: string): Schema {
  return JSON.parse(readText(`${FOLDER}/${file}`));
}

function versionOf({ properties = {} }: Schema): string {
  const version = properties['schema_version']?.const;
  return typeof version === 'string' ? code(version) : '';
}

function renderDocument(name: string, schema: Schema): string {
  const meanings = new Meanings(name);
  return stack(
    `## ${name}`,
    `${schema.description} [JSON Schema](../../${FOLDER}/${name}${END})`,
    table(
      ['member', 'required', 'type', 'bounds', 'meaning'],
      schemaRows(schema).map((row) => [
        code(row.path),
        row.required ? 'yes' : 'no',
        row.type,
        row.bounds,
        meanings.of(row),
      ]),
    ),
  );
}
