import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArtifactStore, openArtifactStore } from '@mex/artifacts';
import type { ArtifactHandle } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { createFileSigner, openRecorder } from '@mex/flight-recorder';
import { applyChangeSet, type ChangePowers, type ChangeSet, rollbackRun } from '@mex/runs';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { limitRow, type Row, ratioRow } from '../runner/row.ts';

const FILES = 1_000;
const FOLDERS = 20;
const RUN_ID = '018f0000-0000-7000-8000-000000000001';
const ACTOR = { id: 'app:bench', kind: 'system' } as const;

/** Changing a thousand files and taking it back, durably, beside copying as many with `cp -r` and an fsync each. */
export const changeSet: Case = () => withDirectory('change-set', measure);

async function measure(dir: string): Promise<readonly Row[]> {
  const workspace = join(dir, 'workspace');
  const recorder = openRecorder({ file: join(dir, 'log.db'), signer: createFileSigner(join(dir, 'keys')) });
  const store = openArtifactStore({ dir: join(dir, 'artifacts') });
  const powers = { recorder, store };
  for (const [path, text] of contents('before')) {
    mkdirSync(join(workspace, path, '..'), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  let round = 0;
  const figures = await takeTurns(
    {
      ours: async () => {
        round += 1;
        const set = await propose(store, round);
        return timed(() => applyAndRollBack(powers, workspace, set));
      },
      copy: () => {
        rmSync(join(dir, 'copy'), { recursive: true, force: true });
        return timed(() => copyDurably(workspace, join(dir, 'copy')));
      },
    },
    { warmup: 1, rounds: 5 },
  );
  await recorder.close();
  await store.close();
  return [
    limitRow(`apply and roll back ${FILES} files`, figures.ours, 'ms'),
    ratioRow({
      promise: `apply and roll back ${FILES} files, in at most 3 × the time`,
      ours: figures.ours,
      peer: figures.copy,
      peerName: 'cp -r, fsync',
      unit: 'ms',
      figure: 'time',
      atLeast: 1 / 3,
    }),
  ];
}

function contents(word: string): [path: string, text: string][] {
  return Array.from({ length: FILES }, (_, index) => [
    `folder${index % FOLDERS}/file${index}.ts`,
    Array.from({ length: 60 }, (_line, line) => `export const line${line} = '${word} ${index}';\n`).join(''),
  ]);
}

/** New content every round, so that nothing is in the store already. */
async function propose(store: ArtifactStore, round: number): Promise<ChangeSet> {
  const before = new Map(contents('before'));
  const put = async ([path, text]: [string, string]): Promise<[string, ArtifactHandle]> => [
    path,
    await store.put(Buffer.from(text), { kind: 'file', mime: 'text/plain', created_by: {} }),
  ];
  const handles = await Promise.all(contents(`round ${round}`).map(put));
  const entries = handles.map(([path, after]) => ({ path, before_sha256: sha256Hex(before.get(path) ?? ''), after }));
  return { schema_version: 'mex.change_set@1.0', entries };
}

async function applyAndRollBack(powers: ChangePowers, workspace: string, set: ChangeSet): Promise<void> {
  await applyChangeSet(powers, {
    set,
    runId: RUN_ID,
    actor: ACTOR,
    workspace,
    budget: { max_files_changed: FILES, max_lines_per_file: 500 },
    formattingOnly: 'warn',
    forbidden: [],
  });
  const { files } = await rollbackRun(powers, { runId: RUN_ID, actor: ACTOR });
  if (files !== FILES) throw new Error(`${files} files came back`);
}

/** What a careful person does by hand: a copy, every file and directory of which is on the disk. */
function copyDurably(from: string, to: string): void {
  execFileSync('cp', ['-r', from, to]);
  const sync = (path: string): void => {
    const fd = openSync(path, 'r');
    fsyncSync(fd);
    closeSync(fd);
  };
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true }))
    sync(join(entry.parentPath, entry.name));
  sync(to);
}
