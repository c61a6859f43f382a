import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ArtifactStore, openArtifactStore } from '@mex/artifacts';
import type { ArtifactHandle } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { type FlightRecorder, openRecorder } from '@mex/flight-recorder';
import type { ApplyRequest, ChangePowers, ChangeSet } from '@mex/runs';
import { afterEach } from 'vitest';

export const RUN_ID = '018f0000-0000-7000-8000-000000000001';
export const ADA = { id: 'os:ada', kind: 'human' } as const;

/** A home and a workspace beside it. */
export interface Bench {
  readonly home: string;
  readonly workspace: string;
  readonly recorder: FlightRecorder;
  readonly store: ArtifactStore;
  readonly powers: ChangePowers;
  readonly close: () => Promise<void>;
}

const open: Bench[] = [];
const directories: string[] = [];

afterEach(async () => {
  for (const bench of open.splice(0)) await bench.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mex-runs-'));
  directories.push(directory);
  return directory;
}

export function openBench(files: Tree = {}, directory = newDirectory()): Bench {
  const home = join(directory, 'home');
  const workspace = join(directory, 'workspace');
  mkdirSync(home, { recursive: true });
  mkdirSync(workspace, { recursive: true });
  plant(workspace, files);
  const recorder = openRecorder({ file: join(home, 'log.db') });
  const store = openArtifactStore({ dir: join(home, 'artifacts') });
  const bench: Bench = {
    home,
    workspace,
    recorder,
    store,
    powers: { recorder, store },
    close: async () => {
      await store.close();
      await recorder.close();
    },
  };
  open.push(bench);
  return bench;
}

/** Path → content; a path that ends with `/` is an empty directory; `mode:` before a content is its mode. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

export function plant(workspace: string, files: Tree): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(workspace, path);
    mkdirSync(path.endsWith('/') ? target : dirname(target), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(target, content);
  }
}

/** Everything below a directory: kind, mode, content. Equal when the trees are. */
export function look(root: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(root, below)).toSorted()) {
    const path = below === '' ? name : `${below}/${name}`;
    const stat = lstatSync(join(root, path));
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isDirectory()) Object.assign(found, { [path]: `directory ${mode}` }, look(root, path));
    else if (stat.isSymbolicLink()) found[path] = `link ${readlinkSync(join(root, path))}`;
    else found[path] = `file ${mode} ${sha256Hex(readFileSync(join(root, path)))}`;
  }
  return found;
}

export function put(store: ArtifactStore, content: string | Uint8Array): Promise<ArtifactHandle> {
  return store.put(Buffer.from(content), { kind: 'file', mime: 'application/octet-stream', created_by: {} });
}

/** A change set from what files are to become; `null` deletes. Before hashes are those of now. */
export async function changeTo(
  bench: Bench,
  wanted: Readonly<Record<string, string | Uint8Array | null>>,
): Promise<ChangeSet> {
  // Together, so that they share their commits.
  const entries = await Promise.all(
    Object.entries(wanted).map(async ([path, content]) => {
      const target = join(bench.workspace, path);
      const before_sha256 = existsSync(target) && statSync(target).isFile() ? sha256Hex(readFileSync(target)) : null;
      return { path, before_sha256, after: content === null ? null : await put(bench.store, content) };
    }),
  );
  return { schema_version: 'mex.change_set@1.0', entries };
}

export function request(bench: Bench, set: ChangeSet, more: Partial<ApplyRequest> = {}): ApplyRequest {
  return {
    set,
    runId: RUN_ID,
    actor: ADA,
    workspace: bench.workspace,
    budget: { max_files_changed: 100, max_lines_per_file: 500 },
    formattingOnly: 'warn',
    forbidden: [bench.home],
    ...more,
  };
}

export function setMode(bench: Bench, path: string, mode: number): void {
  chmodSync(join(bench.workspace, path), mode);
}
