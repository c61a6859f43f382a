import { CERTIFY_OPTIONS } from './certify-commands.ts';
import type { ArgumentSpec, CommandSpec } from './command.ts';

const engine: ArgumentSpec = { name: 'id', help: 'the id of an engine' };

/** Commands about the engines of a home (CONTRACT §10). */
export const ENGINE_COMMANDS: readonly CommandSpec[] = [
  {
    path: ['engines', 'list'],
    summary: 'list the engines',
    load: async () => (await import('./commands/engines-list.ts')).listEngines,
  },
  {
    path: ['engines', 'show'],
    summary: 'show what an engine does and may do',
    arguments: [engine],
    load: async () => (await import('./commands/engines-show.ts')).showEngine,
  },
  {
    path: ['engines', 'add'],
    summary: 'register a built engine package',
    arguments: [{ name: 'path', help: 'the folder of a built engine, a .tgz file, or an installed package' }],
    options: [
      { name: 'certify', kind: 'flag', help: 'run the conformance suite first; only what passes is added' },
      { name: 'without-certificate', kind: 'flag', help: 'as an engine that nobody vouches for, whatever it carries' },
      ...CERTIFY_OPTIONS,
    ],
    notes: ['Nothing is downloaded, and nothing of the package runs before it is registered, but for --certify.'],
    load: async () => (await import('./commands/engines-add.ts')).addEngine,
  },
  {
    path: ['engines', 'remove'],
    summary: 'unregister an engine that was added',
    arguments: [engine],
    load: async () => (await import('./commands/engines-remove.ts')).removeEngine,
  },
  {
    path: ['engines', 'disable'],
    summary: 'keep an engine that was added from running, without removing it',
    arguments: [engine],
    load: async () => (await import('./commands/engines-state.ts')).disableEngine,
  },
  {
    path: ['engines', 'enable'],
    summary: 'undo disable',
    arguments: [engine],
    load: async () => (await import('./commands/engines-state.ts')).enableEngine,
  },
  {
    path: ['engines', 'verify'],
    summary: 'check the bundles against the registered digests, and the certificates',
    arguments: [{ ...engine, optional: true }],
    load: async () => (await import('./commands/engines-verify.ts')).verifyEngines,
  },
  {
    path: ['new', 'engine'],
    summary: 'write an engine package of your own, which builds and certifies as it is',
    arguments: [{ name: 'dir', help: 'a directory that does not exist yet, or is empty' }],
    options: [
      {
        name: 'id',
        kind: 'text',
        value: '<id>',
        help: 'of the engine, e.g. engine.acme.thing; default from the directory',
      },
      { name: 'name', kind: 'text', value: '<name>', help: 'of the package; default that of the directory' },
      {
        name: 'sdk',
        kind: 'text',
        value: '<path>',
        help: 'a packed @mex/engine-sdk to depend on, with the other packed packages beside it; default the published one',
      },
    ],
    load: async () => (await import('./commands/new-engine.ts')).newEngine,
  },
];
