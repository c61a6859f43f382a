// Writes the published JSON Schemas: npm run schemas (in this package). A test fails while they differ from the source.
import { writeFileSync } from 'node:fs';
import { publishedFiles } from './published-schemas.ts';

for (const [name, text] of publishedFiles()) writeFileSync(new URL(`../schemas/${name}`, import.meta.url), text);
