import type { Attempt, AttemptFile } from '../attempt.ts';

const survives = 'the host reads as much in the control';

/** Words of an engine that the host itself has to read, mask and store: on the host's time, not on the engine's. */
const attempts: readonly Attempt[] = [
  {
    name: 'log lines of terminal strings without end',
    body: `for (let i = 0; i < 150; i++) context.log('\\u0090'.repeat(2000)); return 'x';`,
  },
  {
    name: 'problems of terminal strings without end',
    body: `for (let i = 0; i < 40; i++) context.problem({ code: 'X', severity: 'info', title: 'x', message: '\\u0090'.repeat(4000) }); return 'x';`,
  },
  {
    name: 'a summary of names that are all secrets',
    body: `return Object.fromEntries(Array.from({ length: 3500 }, (_, i) => ['password=hunter' + i + 'xQ9', 'x']));`,
    bare: true,
  },
  {
    name: 'a summary of names that are no secrets',
    body: `return Object.fromEntries(Array.from({ length: 20000 }, (_, i) => ['n' + i, 'x']));`,
    bare: true,
    noControl: survives,
  },
  ...[
    'eyJhbGciOi.eyJ',
    '-----BEGIN PRIVATE KEY-----',
    'password="',
    'password: ',
    'https://a:b@',
    'ghp_',
    'sk_live_',
    'a.',
    'Bearer a',
  ].map(
    (text): Attempt => ({
      name: `a summary of ${JSON.stringify(text)} over and over`,
      body: `return { password: ${JSON.stringify(text)}.repeat(${Math.floor(150_000 / text.length)}) };`,
      bare: true,
      noControl: survives,
    }),
  ),
  {
    name: 'a summary of ten thousand long values',
    body: `return { a: Array.from({ length: 10000 }, (_, i) => 'password=' + i + 'kjHG76') };`,
    bare: true,
    noControl: survives,
  },
  {
    name: 'a log of ten thousand secrets',
    body: `for (let i = 0; i < 300; i++) context.log('token=aB3xZ9' + i + ' '.repeat(5) + 'password=kjHG76kj'.repeat(50)); return 'x';`,
    noControl: survives,
  },
];

export default { class: 'host crash and hang', attempts } satisfies AttemptFile;
