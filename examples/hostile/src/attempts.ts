import type { Outside } from './outside.ts';

/** What ends an attempt. `realm`: what it needs is not in the engine's world. */
export type Stopper = 'realm' | 'broker' | 'host clock' | 'budget' | 'gate G-SECRETS';

/** One of the twelve things, and how it has to end. */
export interface Attempt {
  readonly operation: string;
  readonly what: string;
  readonly params: (outside: Outside) => Record<string, unknown>;
  readonly budget?: Readonly<Record<string, number>>;
  readonly stoppedBy: Stopper;
  readonly code: string;
  /** Can be made in an ordinary process without harm, to show that nothing but the sandbox stops it. */
  readonly control?: boolean;
}

const none = (): Record<string, unknown> => ({});

export const ATTEMPTS: readonly Attempt[] = [
  {
    operation: 'hostile.read_file',
    what: 'read a file of the host',
    params: ({ file }) => ({ path: file }),
    stoppedBy: 'realm',
    code: 'ENGINE_FAILED',
    control: true,
  },
  {
    operation: 'hostile.read_environment',
    what: 'read the environment',
    params: none,
    stoppedBy: 'realm',
    code: 'ENGINE_FAILED',
    control: true,
  },
  {
    operation: 'hostile.open_socket',
    what: 'open a socket',
    params: ({ port }) => ({ port }),
    stoppedBy: 'realm',
    code: 'ENGINE_FAILED',
    control: true,
  },
  {
    operation: 'hostile.start_program',
    what: 'start a program',
    params: ({ newFile }) => ({ path: newFile }),
    stoppedBy: 'realm',
    code: 'ENGINE_FAILED',
    control: true,
  },
  {
    operation: 'hostile.fetch',
    what: 'fetch without a grant',
    params: ({ port }) => ({ port }),
    stoppedBy: 'broker',
    code: 'NETWORK_BLOCKED',
  },
  {
    operation: 'hostile.run_tool',
    what: 'run a tool that policy does not name',
    params: none,
    stoppedBy: 'broker',
    code: 'TOOL_NOT_ALLOWED',
  },
  {
    operation: 'hostile.write_undeclared',
    what: 'write an undeclared output',
    params: none,
    stoppedBy: 'broker',
    code: 'OUTPUT_UNDECLARED',
  },
  {
    operation: 'hostile.spin',
    what: 'compute for ever',
    params: none,
    budget: { wall_time_ms: 300 },
    stoppedBy: 'host clock',
    code: 'BUDGET_EXCEEDED_WALL_TIME_MS',
  },
  {
    operation: 'hostile.allocate',
    what: 'allocate without end',
    params: none,
    stoppedBy: 'budget',
    code: 'BUDGET_EXCEEDED_MEMORY_BYTES',
  },
  {
    operation: 'hostile.leak_secret',
    what: 'write a secret into an output',
    params: none,
    stoppedBy: 'gate G-SECRETS',
    code: 'SECURITY_SECRET_LEAKED',
  },
  {
    operation: 'hostile.flood',
    what: 'forge frames, flood the broker',
    params: none,
    stoppedBy: 'broker',
    code: 'CALL_LIMIT',
  },
  {
    operation: 'hostile.poison',
    what: 'poison the next operation',
    params: none,
    stoppedBy: 'realm',
    code: 'ENGINE_FAILED',
    control: true,
  },
];
