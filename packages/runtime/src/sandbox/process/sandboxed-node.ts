import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Jailed, launchJailed } from '../jail/launch.ts';
import { type JailTools, nodeLibraries } from '../jail/requirements.ts';

const MIB = 1024 * 1024;
/** Address space V8 sets aside for code and stacks before it computes anything; not memory, but RLIMIT_DATA counts it. */
const RESERVED_BYTES = 768 * MIB;
/** V8's heap limit for Node, realm and engine side themselves. */
const HEAP_ALLOWANCE_MIB = 32;
/** A backstop: jobs have finer limits, and a process serves many of them. */
const CPU_SECONDS = 24 * 60 * 60;

const NODE = '/mex/node';
const PROGRAM = '/mex/sandbox.mjs';

/** The second wall, inside the namespaces: Node itself refuses what the realm should never have let through. */
const NODE_OPTIONS = [
  '--permission',
  `--allow-fs-read=${PROGRAM}`,
  '--no-addons',
  '--no-experimental-sqlite',
  '--no-experimental-websocket',
  '--no-experimental-webstorage',
  '--no-experimental-global-navigator',
  '--no-warnings',
  '--disable-sigusr1',
  // One helper thread of V8 is enough for one engine, and is one stack and one arena less.
  '--v8-pool-size=1',
  // As much as a worker thread has, in KiB; Node's own is a quarter of it.
  '--stack-size=3900',
];

/**
 * Starts Node in a jail with nothing in it but Node, its libraries and one file of ours.
 * @param program the self-contained program of the engine's side
 */
export function launchNode(tools: JailTools, program: URL, memoryBytes: number): Jailed {
  const heapMib = Math.ceil(memoryBytes / MIB) + HEAP_ALLOWANCE_MIB;
  return launch(tools, program, memoryBytes, [...NODE_OPTIONS, `--max-old-space-size=${heapMib}`, PROGRAM]);
}

/** The same jail with a Node that nothing disarms and no permission model holds back: to prove the jail itself. */
export function launchBareNode(tools: JailTools, program: URL, script: string, argument: string): Jailed {
  return launch(tools, program, 128 * MIB, ['--no-warnings', '-e', script, argument]);
}

function launch(tools: JailTools, program: URL, memoryBytes: number, args: readonly string[]): Jailed {
  const libraries = nodeLibraries().map((path) => ({ source: realpathSync(path), target: path }));
  return launchJailed(tools, {
    program: NODE,
    args,
    env: { UV_THREADPOOL_SIZE: '1', TZ: 'UTC', LANG: 'C' },
    readOnly: [
      { source: realpathSync(process.execPath), target: NODE },
      { source: realpathSync(fileURLToPath(program)), target: PROGRAM },
      ...libraries,
    ],
    cwd: '/',
    limits: {
      memoryBytes: RESERVED_BYTES + memoryBytes,
      cpuSeconds: CPU_SECONDS,
      fileBytes: 0,
      openFiles: 64,
    },
    seccomp: 'engine',
    alone: true,
  });
}
