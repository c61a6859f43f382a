import type { CommandSpec } from './command.ts';

/** Commands about what policy decides, apart from the answers of people. */
export const GOVERNANCE_COMMANDS: readonly CommandSpec[] = [
  {
    path: ['policy', 'check'],
    summary: 'say what is wrong or dangerous in a policy, and where',
    arguments: [{ name: 'file', optional: true, help: 'default: policy.json of the home' }],
    notes: ['Exit code 0: it can be used, also with warnings. 2: it cannot.'],
    load: async () => (await import('./commands/policy-check.ts')).checkPolicy,
  },
  {
    path: ['policy', 'explain'],
    summary: 'say what would happen to an operation, and which rule decides; runs nothing',
    arguments: [{ name: 'operation', help: 'a file with a poe-1.0 operation, or - for stdin' }],
    options: [
      {
        name: 'input',
        kind: 'text',
        value: '<name>=<path>',
        multiple: true,
        help: 'as for mex run: stored, or pinned, and appended to inputs',
      },
    ],
    notes: [
      'The gates themselves are asked, for you as its caller. Exit code 0: it would run. 3: denied, or held for a person.',
      'Quotas and circuits are those of all processes that share the home, at this moment.',
    ],
    load: async () => (await import('./commands/policy-explain.ts')).explainPolicy,
  },
  {
    path: ['guarantees'],
    summary: 'check the guarantees A to L on the spot, for this installation and directory, with evidence',
    notes: [
      'What must be refused is really tried, in a home of its own that is gone afterwards. Exit code 0: every guarantee that is about something here holds. 1: one does not, or could not be checked.',
    ],
    load: async () => (await import('./commands/guarantees.ts')).guarantees,
  },
];
