import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The tests run the built engine; it is built once when it is missing or older than its source. */
export default function setup(): void {
  const manifest = join(root, 'dist', 'manifest.json');
  const sources = ['engine.ts', 'routes.ts'].map((name) => statSync(join(root, 'src', name)).mtimeMs);
  if (existsSync(manifest) && statSync(manifest).mtimeMs >= Math.max(...sources)) return;
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
