import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const packages = readdirSync(join(root, 'packages'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && isPublished(entry.name))
  .map((entry) => entry.name);

/** What is private has no user who would begin with its README. */
function isPublished(name: string): boolean {
  const file = join(root, 'packages', name, 'package.json');
  return existsSync(file) && !readFileSync(file, 'utf8').includes('"private": true');
}

/** The first `ts` block of a README. */
function firstExample(readme: string): string | undefined {
  return /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
}

/** Packages whose README opens with a command line instead. */
const COMMANDS = new Set(['cli']);

describe('README examples', () => {
  it.each(packages)('[§2] packages/%s: the first example runs as it stands', async (name) => {
    const dir = join(root, 'packages', name);
    const example = firstExample(readFileSync(join(dir, 'README.md'), 'utf8'));
    if (COMMANDS.has(name)) {
      expect(readFileSync(join(dir, 'README.md'), 'utf8')).toMatch(/```sh[ \n]/);
      return;
    }
    expect(example, 'the README needs a ts block').toBeDefined();
    // Inside the package, so that it finds the package by its own name.
    const scratch = mkdtempSync(join(dir, '.readme-'));
    try {
      const file = join(scratch, 'example.ts');
      writeFileSync(file, example ?? '');
      const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@mex/source', file], {
        cwd: scratch,
      });
      expect(stdout, 'an example shows what it does').not.toBe('');
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});
