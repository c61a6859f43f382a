import { mkdirSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps V8's compiled code in the user's own cache directory, which makes every start but the first faster. Compiled
 * code that somebody else could write would be theirs to choose, so a directory of another user is not used.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  const base = env['XDG_CACHE_HOME'] || (env['HOME'] && join(homedir(), '.cache'));
  if (!base || typeof process.getuid !== 'function') return;
  const dir = join(base, 'mex', 'compiled');
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(dir);
    if (uid === process.getuid() && (mode & 0o022) === 0) enableCompileCache(dir);
  } catch {
    // Without a cache everything works; the next start is as slow as the first.
  }
}
