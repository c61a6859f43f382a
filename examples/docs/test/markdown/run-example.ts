import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ROOT } from './files.ts';

const OWN = fileURLToPath(new URL('../..', import.meta.url));

/** Runs an example and answers with what it printed. A README's sees what its package sees, another page's what this one does. */
export async function runExample(page: string, text: string): Promise<string> {
  const isReadme = /^(packages|engines|examples)\/[^/]+\/README\.md$/.test(page);
  const scratch = mkdtempSync(join(isReadme ? join(ROOT, dirname(page)) : OWN, '.example-'));
  try {
    const file = join(scratch, 'example.ts');
    writeFileSync(file, text);
    const options = { cwd: scratch };
    return (await promisify(execFile)(process.execPath, ['--conditions=@mex/source', file], options)).stdout;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
