import type { JailLimits, JailMount, JailSpec } from '../../sandbox/jail/launch.ts';
import { environmentRef, toolEnvironment } from './environment.ts';
import type { ResolvedTool } from './toolbox.ts';

/** What a program of the system needs to start: libraries, the loader's cache. */
export type SystemMounts = Required<Pick<JailSpec, 'readOnly' | 'links'>>;

/** A jail for one run of a tool. */
export interface JailPlan {
  readonly spec: JailSpec;
  /** What is started, as it lies on the host. */
  readonly command: string;
  /** Digest of the environment. */
  readonly envRef: string;
}

/** The tool, its interpreter, the libraries of the system, the inputs, the workspace: nothing else of the host is there. */
export function planJail(
  tool: ResolvedTool,
  args: readonly string[],
  inputs: readonly JailMount[],
  work: JailMount | undefined,
  system: SystemMounts,
  { scratchBytes, ...limits }: JailLimits & { readonly scratchBytes: number },
): JailPlan {
  const env = toolEnvironment(tool.policy.env);
  const spec: JailSpec = {
    program: tool.program,
    args: [...tool.prefix, ...args],
    env,
    // Later mounts cover earlier ones: the copies of the tool lie over what the system has in their place.
    readOnly: [...system.readOnly, ...inputs, ...tool.mounts],
    links: system.links,
    ...(work === undefined ? {} : { writable: work }),
    scratchBytes,
    proc: true,
    devices: true,
    cwd: work?.target ?? '/',
    limits,
    seccomp: 'program',
    alone: false,
  };
  return { spec, command: tool.command, envRef: environmentRef(env) };
}
