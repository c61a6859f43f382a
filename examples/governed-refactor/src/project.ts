import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of the project that is refactored: more than a change set may touch by default. */
export const MODULES = 120;

/** Writes a project: many modules, an executable, a binary file, an empty directory. */
export function writeProject(workspace: string): void {
  mkdirSync(join(workspace, 'src'), { recursive: true });
  mkdirSync(join(workspace, 'logs'));
  for (let index = 0; index < MODULES; index += 1) {
    const text = `import { fetchUser } from './users.ts';\n\nexport const module${index} = () => fetchUser(${index});\n`;
    writeFileSync(modulePath(workspace, index), text);
  }
  writeFileSync(join(workspace, 'build.sh'), '#!/bin/sh\necho fetchUser\n');
  chmodSync(join(workspace, 'build.sh'), 0o755);
  writeFileSync(
    join(workspace, 'logo.bin'),
    Uint8Array.from({ length: 4_096 }, (_, index) => (index * 31) % 256),
  );
}

export function modulePath(workspace: string, index: number): string {
  return join(workspace, 'src', `module-${String(index).padStart(3, '0')}.ts`);
}
