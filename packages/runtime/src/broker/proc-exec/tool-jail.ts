import type { JailLimits, JailMount, JailSpec } from '../../sandbox/jail/launch.ts';
import { environmentRef, toolEnvironment } from './environment.ts';
import type { ToolLimits } from './tool-limits.ts';
import type { ResolvedTool } from './toolbox.ts';

/** What a program of the system needs to start: libraries, the loader's cache. */
export type SystemMounts = Required<Pick<JailSpec, 'readOnly' | 'links'>>;

/** A jail for one run of a tool. */
export interface JailPlan {
  /** The tool, as the policy names it. */
  readonly name: string;
  readonly spec: JailSpec;
  /** What is started, as it lies on the host. */
  readonly command: string;
  /** What the command was given. */
  readonly args: readonly string[];
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
  { scratchBytes, ...limits }: JailLimits & Pick<ToolLimits, 'scratchBytes'>,
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
    held: true,
    alone: false,
  };
  return {
    name: tool.name,
    spec,
    command: tool.command,
    args: spec.args,
    envRef: environmentRef(env),
  };
}
