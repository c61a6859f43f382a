// Writes the published JSON Schema of a conformance report from its one source.
import { mkdirSync, writeFileSync } from 'node:fs';
import { publishedReport } from './published-schema.ts';

const directory = new URL('../schemas/', import.meta.url);
mkdirSync(directory, { recursive: true });
writeFileSync(new URL('conformance-report.schema.json', directory), publishedReport());
