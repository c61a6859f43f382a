import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const WRITER = fileURLToPath(new URL('../src/write-reference.ts', import.meta.url));

it('[§10] docs/reference says what command table, manifests, schemas, cases and error pages say', () => {
  const output = execFileSync(process.execPath, ['--conditions=@mex/source', WRITER, '--check'], { encoding: 'utf8' });
  expect(output).toContain('8 pages');
});
