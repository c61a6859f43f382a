import { z } from 'zod';
// @boundaries-ignore the one source of what a policy file may say; the host parses with it and lets nobody have it
import { policyFile } from '../../../../packages/host/src/policy-file.ts';
import { code, generated, stack, table } from './markdown.ts';
import { POLICY_WORDS } from './policy-words.ts';
import { type Schema, schemaRows } from './schema-rows.ts';

/** `policy.md`: what `policy.json` of a home may say. */
export function renderPolicy(): string {
  const schema: Schema = JSON.parse(JSON.stringify(z.toJSONSchema(policyFile, { io: 'input' })));
  const rows = schemaRows(schema);
  const known = new Set(rows.map(({ path }) => path));
  const stale = Object.keys(POLICY_WORDS).filter((path) => !known.has(path));
  if (stale.length > 0)
    throw new Error(`policy-words.ts speaks of ${stale.join(', ')}; policy.json has no such member`);
  return stack(
    generated(
      'policy.json',
      'the schema that a host reads the file with',
      'What an operator decides, in force for a whole home. Every member but `schema_version` may be left out, and one that is not listed is an error. Check a file with `mex policy check <file>`; [how to write one](../how-to/write-a-policy.md).',
    ),
    table(
      ['member', 'type', 'bounds', 'meaning'],
      rows.map((row) => [code(row.path), row.type, row.bounds, wordsFor(row.path)]),
    ),
    'A host reads the file when it starts. Its digest goes into every record, as `policy_sha256`.',
  );
}

function wordsFor(path: string): string {
  const words = POLICY_WORDS[path];
  if (words === undefined) throw new Error(`policy.json may say ${path}; say what it means in policy-words.ts`);
  return words;
}
