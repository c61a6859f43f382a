import type { CommandSpec } from './command.ts';

/** Holding what was recorded against a second run. */
export const REPLAY_COMMANDS: readonly CommandSpec[] = [
  {
    path: ['replay'],
    summary: 'run recorded operations again and compare: bytes, canonical forms, or the evidence',
    arguments: [{ name: 'op_id', optional: true, help: 'an operation, or the beginning of its id' }],
    options: [
      { name: 'all', kind: 'flag', help: 'everything that was recorded in this home' },
      {
        name: 'since',
        kind: 'text',
        value: '<time>',
        help: 'from then on: 90m, 24h, 7d, or 2026-01-31T12:00:00Z',
      },
      { name: 'engine', kind: 'text', value: '<id>', help: 'only operations of this engine' },
      { name: 'parallel', kind: 'count', value: '<n>', help: 'so many at once; default 2, at most 32' },
    ],
    notes: [
      'Exit code 0: all equal. 1: something differs, or cannot be replayed. 6: something recorded or stored is not what it was.',
      'D3 must be equal byte for byte, D2 by canonical JSON; D1 and D0 are not run again, their evidence is checked.',
    ],
    load: async () => (await import('./commands/replay.ts')).replay,
  },
];
