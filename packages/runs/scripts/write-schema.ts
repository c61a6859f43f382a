// Writes the published JSON Schema of a change set from its one source.
import { mkdirSync, writeFileSync } from 'node:fs';
import { publishedChangeSet } from './published-schema.ts';

const directory = new URL('../schemas/', import.meta.url);
mkdirSync(directory, { recursive: true });
writeFileSync(new URL('change-set.schema.json', directory), publishedChangeSet());
