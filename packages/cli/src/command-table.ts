import { NO_CACHE } from './cache-use.ts';
import { CERTIFY_COMMANDS } from './certify-commands.ts';
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts';
import { ENGINE_COMMANDS } from './engine-commands.ts';
import { GOVERNANCE_COMMANDS } from './governance-commands.ts';
import { REPLAY_COMMANDS } from './replay-commands.ts';
import { RUN_COMMANDS } from './run-commands.ts';

/** Options of every command (CONTRACT §16). */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { name: 'home', kind: 'text', value: '<dir>', help: 'where MEX keeps its state; default $MEX_HOME, else ./.mex' },
  {
    name: 'format',
    kind: 'choice',
    value: 'text|json',
    choices: ['text', 'json'],
    help: 'json: one document on stdout, nothing else',
  },
  { name: 'no-color', kind: 'flag', help: 'no colours; so does the variable NO_COLOR' },
  { name: 'help', kind: 'flag', short: 'h', help: 'show help' },
  { name: 'version', kind: 'flag', short: 'V', help: 'show the version' },
];

const limit = (fallback: number): OptionSpec => ({
  name: 'limit',
  kind: 'count',
  value: '<n>',
  help: `most to show; default ${fallback}`,
});
const since: OptionSpec = {
  name: 'since',
  kind: 'text',
  value: '<time>',
  help: 'from then on: 90m, 24h, 7d, or 2026-01-31T12:00:00Z',
};
const op: OptionSpec = { name: 'op', kind: 'text', value: '<op_id>', help: 'only of this operation' };
const run: OptionSpec = { name: 'run', kind: 'text', value: '<run_id>', help: 'only of this run' };
const type: OptionSpec = {
  name: 'type',
  kind: 'text',
  value: '<type>',
  help: 'only of this event type, FR-EVT id or system subject',
};

const problem: ArgumentSpec = {
  name: 'id',
  help: 'the id or fingerprint of a problem, or the first 8 characters of one',
};
const artifact: ArgumentSpec = {
  name: 'artifact',
  help: 'an artifact id or SHA-256, or the first 8 characters of one',
};

const consent: ArgumentSpec = { name: 'id', help: 'the id of a consent, or its first 8 characters' };
const approval: ArgumentSpec = { name: 'id', help: 'the id of an approval, or its first 8 characters' };
const actor = (help: string): OptionSpec => ({ name: 'actor', kind: 'text', value: '<id>', help });
const reason: OptionSpec = { name: 'reason', kind: 'text', value: '<words>', help: 'for whoever reads it later' };

const setStatus = (verb: string, summary: string): CommandSpec => ({
  path: ['problems', verb],
  summary,
  arguments: [problem],
  load: async () => (await import('./commands/problems-status.ts')).setProblemStatus,
});

const setPin = (verb: string, summary: string): CommandSpec => ({
  path: ['artifacts', verb],
  summary,
  arguments: [artifact],
  load: async () => (await import('./commands/artifacts-pin.ts')).setArtifactPin,
});

/** Every command there is. Parser, help and completion come from this table. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    path: ['scan'],
    summary: 'check a project: its SBOM, vulnerabilities, licenses and secrets',
    arguments: [{ name: 'path', help: 'a directory, or one lockfile' }],
    options: [
      { name: 'release', kind: 'flag', help: 'apply the release policy: what blocks exits with 1; signs the decision' },
      {
        name: 'only',
        kind: 'text',
        value: '<list>',
        help: 'which checks to do, of sbom,vuln,license,secret; vuln and license bring sbom along',
      },
      { name: 'history', kind: 'flag', help: 'also look for secrets in what the git history holds' },
      {
        name: 'osv',
        kind: 'text',
        value: '<db>',
        help: 'advisories: a snapshot, OSV records, an artifact, or "online"; default the newest of mex db import',
      },
      {
        name: 'policy',
        kind: 'text',
        value: '<file>',
        help: 'allow lists and ages; default scan-policy.json of the home, never of the scanned tree',
      },
      { name: 'sarif', kind: 'text', value: '<file>', help: 'write the findings of all checks as one SARIF 2.1.0 log' },
      { name: 'out', kind: 'text', value: '<dir>', help: 'also copy all outputs to this directory' },
      NO_CACHE,
    ],
    notes: [
      'Verdict pass: exit code 0. block: the release policy says no, 1. error: something was not looked at, 1 or the code of what went wrong.',
      'No lockfile, no advisory database or a check that failed is never a pass.',
    ],
    load: async () => (await import('./commands/scan.ts')).scan,
  },
  {
    path: ['run'],
    summary: 'run one planned operation; its EngineResult goes to stdout',
    arguments: [{ name: 'operation', help: 'a file with a poe-1.0 operation, or - for stdin' }],
    options: [
      {
        name: 'input',
        kind: 'text',
        value: '<name>=<path>',
        multiple: true,
        help: 'store a file, or pin a directory, and append its handle to inputs',
      },
      NO_CACHE,
    ],
    notes: [
      'Inputs given with --input come after those in the operation, in the order given. Give the operation a new op_id for new inputs.',
    ],
    load: async () => (await import('./commands/run.ts')).run,
  },
  ...ENGINE_COMMANDS,
  {
    path: ['log', 'list'],
    summary: 'list recorded events, the newest last',
    options: [op, run, type, since, limit(50)],
    load: async () => (await import('./commands/log-list.ts')).listLog,
  },
  {
    path: ['log', 'show'],
    summary: 'show one event',
    arguments: [{ name: 'event_id', help: 'the id of an event' }],
    load: async () => (await import('./commands/log-show.ts')).showEvent,
  },
  {
    path: ['log', 'follow'],
    summary: 'show events as they are recorded, until Ctrl-C',
    options: [op, run, type],
    notes: ['With --format json: one event a line (NDJSON).'],
    load: async () => (await import('./commands/log-follow.ts')).followLog,
  },
  {
    path: ['log', 'verify'],
    summary: 'check that no event was changed, removed, moved or added',
    options: [
      {
        name: 'checkpoint',
        kind: 'text',
        value: '<file>',
        help: 'a checkpoint kept elsewhere: also detects a shortened or replaced log',
      },
      { name: 'export', kind: 'text', value: '<file>', help: 'an exported log in place of that of the home' },
      { name: 'public-key', kind: 'text', value: '<key|file>', help: 'with --export: the public key of the log' },
    ],
    load: async () => (await import('./commands/log-verify.ts')).verifyLog,
  },
  {
    path: ['log', 'export'],
    summary: 'write every event to stdout, one a line (NDJSON), for whoever verifies it',
    notes: [
      'A header, every event as the very bytes that were hashed, and the newest signed checkpoint: {"checkpoint": "…"}.',
      'Checked with: mex log verify --export <file> --public-key <key>, or with @mex/flight-recorder.',
    ],
    load: async () => (await import('./commands/log-export.ts')).exportLog,
  },
  {
    path: ['problems', 'list'],
    summary: 'list what an operator must see',
    options: [
      {
        name: 'status',
        kind: 'choice',
        value: '<status>',
        choices: ['open', 'acknowledged', 'muted', 'resolved', 'all'],
        help: 'default open',
      },
      {
        name: 'severity',
        kind: 'choice',
        value: '<severity>',
        choices: ['fatal', 'error', 'warning', 'info', 'hint'],
        help: 'only this severity',
      },
      limit(100),
    ],
    load: async () => (await import('./commands/problems-list.ts')).listProblems,
  },
  {
    path: ['problems', 'show'],
    summary: 'show one problem',
    arguments: [problem],
    load: async () => (await import('./commands/problems-show.ts')).showProblem,
  },
  setStatus('ack', 'acknowledge a problem'),
  setStatus('mute', 'keep a problem out of sight'),
  setStatus('resolve', 'mark a problem as resolved'),
  {
    path: ['artifacts', 'list'],
    summary: 'list stored artifacts, the newest first',
    options: [op, since, limit(50)],
    load: async () => (await import('./commands/artifacts-list.ts')).listArtifacts,
  },
  {
    path: ['artifacts', 'show'],
    summary: 'show an artifact and where it comes from',
    arguments: [artifact],
    load: async () => (await import('./commands/artifacts-show.ts')).showArtifact,
  },
  {
    path: ['artifacts', 'cat'],
    summary: 'write the verified content of an artifact to stdout',
    arguments: [artifact],
    notes: ['To a terminal, control characters are left out; to a file or pipe, the bytes are exact.'],
    load: async () => (await import('./commands/artifacts-cat.ts')).catArtifact,
  },
  {
    path: ['artifacts', 'verify'],
    summary: 'check stored content against its hashes',
    arguments: [{ ...artifact, optional: true }],
    options: [{ name: 'all', kind: 'flag', help: 'everything in the store' }],
    load: async () => (await import('./commands/artifacts-verify.ts')).verifyArtifacts,
  },
  {
    path: ['artifacts', 'materialize'],
    summary: 'copy an artifact out of the store',
    arguments: [artifact, { name: 'path', help: 'where to; must not exist yet' }],
    load: async () => (await import('./commands/artifacts-materialize.ts')).materializeArtifact,
  },
  setPin('pin', 'keep an artifact from ever being collected'),
  setPin('unpin', 'undo pin'),
  {
    path: ['artifacts', 'gc'],
    summary: 'remove artifacts that are past their time',
    options: [{ name: 'dry-run', kind: 'flag', help: 'only say what would be removed, and what stays and why' }],
    notes: [
      'Logs stay 30 days, cached artifacts 7, everything else for good, unless "retention" of policy.json says otherwise.',
      'What is pinned or needed stays, and so do the three newest versions of everything.',
    ],
    load: async () => (await import('./commands/artifacts-gc.ts')).collectGarbage,
  },
  {
    path: ['approvals', 'list'],
    summary: 'list the operations that wait for a person',
    options: [{ name: 'all', kind: 'flag', help: 'also those that were answered, or expired' }, limit(100)],
    load: async () => (await import('./commands/approvals-list.ts')).listApprovals,
  },
  {
    path: ['approvals', 'show'],
    summary: 'show exactly what would happen, and who has answered',
    arguments: [approval],
    load: async () => (await import('./commands/approvals-show.ts')).showApproval,
  },
  {
    path: ['approvals', 'approve'],
    summary: 'let an operation happen; it runs when it is sent again',
    arguments: [approval],
    options: [
      {
        name: 'scope',
        kind: 'choice',
        value: '<scope>',
        choices: ['once', 'operation', 'run', 'capability'],
        help: 'once (default); operation: exactly this, again and again; run: its kind in this run; capability: its kind',
      },
      { name: 'until', kind: 'text', value: '<time>', help: '90m, 24h, 7d, or a time; 30 days at most' },
      reason,
    ],
    load: async () => (await import('./commands/approvals-answer.ts')).approve,
  },
  {
    path: ['approvals', 'reject'],
    summary: 'keep an operation from happening, also one that was approved',
    arguments: [approval],
    options: [reason],
    load: async () => (await import('./commands/approvals-answer.ts')).reject,
  },
  {
    path: ['grants', 'list'],
    summary: 'list who may use the network, secrets and devices, and until when',
    options: [
      actor('only of this caller, e.g. app:ci'),
      { name: 'all', kind: 'flag', help: 'also those that ended' },
      limit(100),
    ],
    load: async () => (await import('./commands/grants-list.ts')).listGrants,
  },
  {
    path: ['grants', 'allow'],
    summary: 'consent to a capability, for a time',
    arguments: [{ name: 'capability', help: 'e.g. net.http:api.example.org or secrets.use:deploy-key' }],
    options: [
      actor('who may use it; default: you'),
      { name: 'until', kind: 'text', value: '<time>', help: '90m, 24h, 7d, or a time; default 24h, 30 days at most' },
      reason,
    ],
    notes: ['A consent adds nothing to a profile: what policy does not allow stays denied.'],
    load: async () => (await import('./commands/grants-allow.ts')).allowGrant,
  },
  {
    path: ['grants', 'revoke'],
    summary: 'take a consent back at once, also from what is running',
    arguments: [consent],
    options: [reason],
    load: async () => (await import('./commands/grants-revoke.ts')).revokeGrant,
  },
  {
    path: ['db', 'import'],
    summary: 'make a database of OSV advisories that scans use from now on',
    arguments: [{ name: 'source', help: 'a directory, zip, JSON or NDJSON(.gz) of OSV records' }],
    notes: ['It takes the place of the one before: put all ecosystems you use into one directory.'],
    load: async () => (await import('./commands/db-import.ts')).importDatabase,
  },
  {
    path: ['db', 'show'],
    summary: 'show the advisory database: digest, records, ecosystems, age',
    load: async () => (await import('./commands/db-show.ts')).showDatabase,
  },
  {
    path: ['db', 'update'],
    summary: 'say how to get newer advisories; this version downloads nothing itself',
    load: async () => (await import('./commands/db-update.ts')).updateDatabase,
  },
  ...CERTIFY_COMMANDS,
  ...RUN_COMMANDS,
  ...REPLAY_COMMANDS,
  ...GOVERNANCE_COMMANDS,
  {
    path: ['doctor'],
    summary: 'try every sandbox tier on this machine, live, and look at policy and home',
    notes: [
      'Exit code 0: every tier that policy asks for holds. 1: one does not, and what asks for it is denied. 6: the log is not what was recorded.',
    ],
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    path: ['completion'],
    summary: 'print a completion script',
    arguments: [{ name: 'shell', help: 'bash or zsh' }],
    notes: ['bash: source <(mex completion bash)   zsh: source <(mex completion zsh)'],
    load: async () => (await import('./commands/completion.ts')).completion,
  },
];
