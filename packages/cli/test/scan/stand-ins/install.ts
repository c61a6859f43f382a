import { accessSync, chmodSync, constants, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJailTools } from '@mex/runtime';

/** Appended to the name of a suite that cannot run here, so that a skip explains itself. */
export const NO_TOOLS = noTools();

function noTools(): string {
  if ('missing' in findJailTools()) return ' — SKIPPED: there is no jail on this machine';
  return findPlace() === undefined ? ' — SKIPPED: there is no place that programs may come from' : '';
}

/** No tool may come from a temporary directory, nor from below the current one. */
function findPlace(): string | undefined {
  const forbidden = ['/tmp', '/var/tmp', '/dev/shm', '/run/user', tmpdir(), process.cwd()];
  return [homedir(), '/opt', '/var/lib', '/usr/local/lib'].find((place) => {
    try {
      accessSync(place, constants.W_OK);
      return forbidden.every((root) => !`${realpathSync(place)}/`.startsWith(`${root}/`));
    } catch {
      return false;
    }
  });
}

export interface ToolDirectory {
  readonly dir: string;
  readonly node: string;
  readonly remove: () => void;
}

/** A directory that programs may come from, with a Node in it. */
export function makeToolDirectory(): ToolDirectory {
  const dir = mkdtempSync(join(findPlace() ?? tmpdir(), '.mex-test-tools-'));
  const node = join(dir, 'node');
  copyFileSync(realpathSync(process.execPath), node, constants.COPYFILE_FICLONE);
  return { dir, node, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

const OPTIONS: Readonly<Record<string, { options: readonly string[]; version_args: readonly string[] }>> = {
  syft: { options: ['--quiet', '--output=cyclonedx-json@1.6=*'], version_args: ['version'] },
  'osv-scanner': {
    options: [
      '--lockfile=*',
      '--format=json',
      '--offline-vulnerabilities',
      '--no-resolve',
      '--all-packages',
      '--all-vulns',
    ],
    version_args: ['--version'],
  },
  scancode: { options: ['--license', '--strip-root', '--quiet', '--json=*'], version_args: ['--version'] },
  gitleaks: {
    options: [
      '--report-format=json',
      '--report-path=*',
      '--redact=100',
      '--exit-code=9',
      '--no-banner',
      '--no-color',
      '--log-level=error',
      '--ignore-gitleaks-allow',
    ],
    version_args: ['version'],
  },
};

/** Puts the stand-ins in place. Answers with the `tools` of a policy, the way the manual has them. */
export function installStandIns({ dir, node }: ToolDirectory): Record<string, object> {
  return Object.fromEntries(
    Object.entries(OPTIONS).map(([name, policy]) => {
      const path = join(dir, `stand-in-${name}.mjs`);
      copyFileSync(fileURLToPath(new URL(`./stand-in-${name}.mjs`, import.meta.url)), path);
      chmodSync(path, 0o755);
      return [name, { path, interpreter: node, ...policy }];
    }),
  );
}
