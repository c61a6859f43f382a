import type { ArgumentSpec, CommandSpec } from './command.ts';

const run: ArgumentSpec = { name: 'id', help: 'the id of a run, or its first 8 characters' };

const changeState = (step: 'pause' | 'resume' | 'cancel', summary: string): CommandSpec => ({
  path: ['runs', step],
  summary,
  arguments: [run],
  options: [{ name: 'reason', kind: 'text', value: '<words>', help: 'for whoever reads it later' }],
  load: async () => (await import('./commands/runs-state.ts')).changeRun(step),
});

/** Commands about runs: what they spent, and what they changed. */
export const RUN_COMMANDS: readonly CommandSpec[] = [
  {
    path: ['runs', 'list'],
    summary: 'list the runs, the newest first',
    options: [{ name: 'limit', kind: 'count', value: '<n>', help: 'most to show; default 100' }],
    load: async () => (await import('./commands/runs-list.ts')).listRuns,
  },
  {
    path: ['runs', 'show'],
    summary: 'show what a run may spend, has spent, and changed',
    arguments: [run],
    load: async () => (await import('./commands/runs-show.ts')).showRun,
  },
  {
    path: ['runs', 'apply'],
    summary: 'apply a change set to a workspace, once a person has approved exactly that',
    arguments: [{ name: 'change-set', help: 'a change set (JSON), a unified diff, an artifact id, or - for stdin' }],
    options: [
      { name: 'run', kind: 'text', value: '<run_id>', help: 'only of this run' },
      { name: 'workspace', kind: 'text', value: '<dir>', help: 'opens a new run for this directory; default: here' },
    ],
    notes: ['Exit code 0: applied. 3: refused, or held; approve it and run the same command again with --run.'],
    load: async () => (await import('./commands/runs-apply.ts')).applyToRun,
  },
  {
    path: ['runs', 'rollback'],
    summary: 'put the workspace of a run back as it was, byte for byte',
    arguments: [run],
    options: [{ name: 'force', kind: 'flag', help: 'also over what others have changed since; what goes is kept' }],
    load: async () => (await import('./commands/runs-rollback.ts')).rollbackRun,
  },
  changeState('pause', 'let no new operation begin in a run until it is resumed'),
  changeState('resume', 'let operations begin again in a run that was paused'),
  changeState('cancel', 'end a run for good, with what runs in it in any process'),
];
