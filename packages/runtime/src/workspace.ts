import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createShadowWorkspace, type ShadowWorkspace } from '@mex/artifacts';

/**
 * The shadow workspace of one operation (CONTRACT §1, §9), made when something first needs a place on disk: most
 * operations do not, and an empty directory for each would cost more than they do.
 */
export class Workspace {
  private readonly opId: string;
  private readonly root: string;
  private made: ShadowWorkspace | undefined;
  private files = 0;

  constructor(opId: string, root: string) {
    this.opId = opId;
    this.root = root;
  }

  /** Writes bytes to a fresh file and returns its path. The name is ours: nothing an engine says becomes a path. */
  async spool(bytes: Uint8Array): Promise<string> {
    this.made ??= createShadowWorkspace(this.opId, { root: this.root });
    this.files += 1;
    const path = join(this.made.dir, `spool-${this.files}`);
    await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
    return path;
  }

  /** A directory of this operation alone, made when it is first asked for. The name is ours. */
  directory(name: 'work' | 'inputs'): string {
    this.made ??= createShadowWorkspace(this.opId, { root: this.root });
    const path = join(this.made.dir, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Never throws: what cannot be removed now is removed by the sweep of the next start, and the result stands. */
  async dispose(): Promise<void> {
    try {
      await this.made?.dispose();
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown cause';
      process.emitWarning(`The shadow workspace of ${this.opId} could not be removed: ${why}`, 'MexWarning');
    }
  }
}
