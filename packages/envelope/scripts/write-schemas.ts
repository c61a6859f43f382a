// Writes the published JSON Schemas: npm run schemas (in this package). A test fails while they differ from the source.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { publishedFiles } from './published-schemas.ts';

const folder = new URL('../schemas/', import.meta.url);
const files = publishedFiles();
for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(new URL(name, folder));
for (const [name, text] of files) writeFileSync(new URL(name, folder), text);
console.log(`${files.size} schemas written`);
