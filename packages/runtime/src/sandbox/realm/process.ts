import { hide } from './object.ts';

/** What Node needs on its process object to stay alive. Everything else an engine could use is taken away. */
const KEEP = new Set([
  '_events',
  '_eventsCount',
  '_maxListeners',
  '_exiting',
  '_fatalException',
  '_tickCallback',
  // Node ends the thread through these after an exception that nobody handled.
  'exit',
  'reallyExit',
  'domain',
  'exitCode',
  'features',
  'nextTick',
  'config',
  'release',
  'version',
  'versions',
  'arch',
  'platform',
  'sourceMapsEnabled',
  'setSourceMapsEnabled',
  'title',
  'pid',
  'ppid',
  'argv0',
  'debugPort',
  'execPath',
  'allowedNodeEnvironmentFlags',
  'noDeprecation',
  'throwDeprecation',
  'traceDeprecation',
]);

/** What is left of an exception that an engine let go of. */
export type StrayKind = 'uncaught_exception' | 'unhandled_rejection';

/**
 * Takes the authority from the real process object, which no engine should ever reach: this is the second wall.
 * Its streams hold the thread's control port and become stubs.
 */
export function disarmProcess(onStray: (kind: StrayKind) => void): void {
  const real = process;
  const mute = createMuteStream();
  real.removeAllListeners('warning');
  real.on('uncaughtException', () => onStray('uncaught_exception'));
  real.on('unhandledRejection', () => onStray('unhandled_rejection'));
  for (const key of Reflect.ownKeys(real)) {
    if (typeof key === 'string' && !KEEP.has(key)) Reflect.deleteProperty(real, key);
  }
  const harmless = {
    stdin: mute,
    stdout: mute,
    stderr: mute,
    env: Object.freeze({}),
    argv: Object.freeze([]),
    execArgv: Object.freeze([]),
    emitWarning: nothing,
    _rawDebug: nothing,
  };
  for (const [key, value] of Object.entries(harmless)) {
    if (!Reflect.defineProperty(real, key, { value, writable: false, enumerable: true, configurable: false }))
      throw new Error(`The realm cannot replace process.${key}.`);
  }
}

function nothing(): void {}

function createStream(): object {
  return { isTTY: false, writableLength: 0, write: () => true, end: nothing, on: nothing, once: nothing };
}

/** Node calls streams of the real process by private symbols, for instance when the host reads them: all of it does nothing. */
function createMuteStream(): object {
  const stream = createStream();
  return new Proxy(stream, {
    get: (_, key) => (key === 'then' ? undefined : (Reflect.get(stream, key) ?? nothing)),
    set: () => true,
  });
}

/**
 * The `process` an engine sees: enough for libraries that look around, the same on every machine (CONTRACT §6).
 * Piscina's loop reads the length of both streams after every task.
 */
export function createProcessFacade(defer: (task: () => void) => void): object {
  const stream = createStream();
  const facade: object = {
    env: {},
    argv: [],
    execArgv: [],
    platform: 'linux',
    version: '',
    versions: {},
    stdout: stream,
    stderr: stream,
    cwd: () => '/',
    nextTick: (task: unknown, ...args: unknown[]) => {
      if (typeof task !== 'function') throw new TypeError('process.nextTick needs a function.');
      defer(() => void Reflect.apply(task, undefined, args));
    },
    emitWarning: nothing,
  };
  hide(facade, Symbol.toStringTag, 'process');
  return facade;
}
