import { ChangeSet } from '@mex/runs';

/** The text of `schemas/change-set.schema.json`. */
export function publishedChangeSet(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'ChangeSet',
    description: 'What an engine or a planner proposes to make of a workspace (CONTRACT §12).',
    ...ChangeSet,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
