import type { CommandSpec, OptionSpec } from './command.ts';

/** What certifying takes, wherever it is done. */
export const CERTIFY_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'tier',
    kind: 'choice',
    value: '<tier>',
    choices: ['thread', 'process'],
    multiple: true,
    help: 'only in this tier; default: every tier that this machine has',
  },
  { name: 'days', kind: 'count', value: '<n>', help: 'how long the certificate lasts; default 180' },
];

/** Commands about certificates (CONTRACT §15). */
export const CERTIFY_COMMANDS: readonly CommandSpec[] = [
  {
    path: ['certify'],
    summary: 'run the conformance suite over an engine, and sign a certificate when all of it passed',
    arguments: [
      { name: 'engine', optional: true, help: 'the folder of a built engine, or the id of a registered one' },
    ],
    options: [
      { name: 'all', kind: 'flag', help: 'every engine of this home, one after the other' },
      { name: 'junit', kind: 'text', value: '<file>', help: 'write the report as JUnit XML' },
      { name: 'markdown', kind: 'text', value: '<file>', help: 'write the report as Markdown' },
      {
        name: 'out',
        kind: 'text',
        value: '<dir>',
        help: 'write report and certificate in every form to this directory',
      },
      ...CERTIFY_OPTIONS,
    ],
    notes: [
      'Exit code 0: certified. 1: a case failed or was skipped, so there is no certificate.',
      'The key is <home>/keys/certifier-signing-key.json, made at the first use.',
    ],
    load: async () => (await import('./commands/certify.ts')).certifyCommand,
  },
  {
    path: ['certify', 'verify'],
    summary: 'check a certificate: who signed it, what it binds, whether it is in force',
    arguments: [{ name: 'certificate', help: 'a certificate, e.g. certificate.dsse.json' }],
    options: [
      { name: 'engine', kind: 'text', value: '<dir|id>', help: 'also compare it with this engine as it is now' },
      {
        name: 'key',
        kind: 'text',
        value: '<key>',
        multiple: true,
        help: 'trust this key and no other: ed25519:<base64>, or a file with it or with PEM; needs no home',
      },
    ],
    notes: ['Exit code 0: valid. 1: refused, expired, or not of this engine.'],
    load: async () => (await import('./commands/certify-verify.ts')).verifyCertificateCommand,
  },
];
