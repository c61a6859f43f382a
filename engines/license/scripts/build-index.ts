// Writes src/text/spdx-index.ts from the SPDX license list (npm spdx-license-list, CC0-1.0). A test fails when they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compressWords } from './compress-words.ts';

const require = createRequire(import.meta.url);
const target = new URL('../src/text/spdx-index.ts', import.meta.url);

const full: Record<string, { name: string; licenseText: string }> = JSON.parse(
  readFileSync(require.resolve('spdx-license-list/spdx-full.json'), 'utf8'),
);
const current: string[] = JSON.parse(readFileSync(require.resolve('spdx-license-ids/index.json'), 'utf8'));
const deprecated: string[] = JSON.parse(readFileSync(require.resolve('spdx-license-ids/deprecated.json'), 'utf8'));
const exceptions: string[] = [
  ...JSON.parse(readFileSync(require.resolve('spdx-exceptions/index.json'), 'utf8')),
  ...JSON.parse(readFileSync(require.resolve('spdx-exceptions/deprecated.json'), 'utf8')),
];
writeFileSync(target, compressWords(full, { current, deprecated, exceptions }));
