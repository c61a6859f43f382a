import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createShadowWorkspace, type ShadowWorkspace } from '@mex/artifacts';
import { quoteText } from '@mex/envelope';
import type { JailMount } from '../../sandbox/jail/launch.ts';
import { toolError } from './errors.ts';
import { readShebang } from './shebang.ts';
import { copyTool, isCurrent, type ToolFile, verifyCopy } from './tool-file.ts';
import { type ToolPolicies, type ToolPolicy, verifyToolPolicy } from './tool-policy.ts';
import { followTrusted, SYSTEM_DIRECTORIES, untrustedRoots } from './trusted-path.ts';

/** A file and what was asked for: a path or a name. */
interface TakenFile extends ToolFile {
  readonly asked: string;
}

/** A tool that may be started: found, trusted, hashed and copied. */
export interface ResolvedTool {
  readonly name: string;
  readonly policy: ToolPolicy;
  /** Absolute path of what is started, in the jail. */
  readonly program: string;
  /** What comes before the arguments of a call: a script's path, and the operator's own arguments. */
  readonly prefix: readonly string[];
  /** What is started, as it lies on the host: the tool or its interpreter. */
  readonly command: string;
  /** The tool and, for a script, its interpreter. */
  readonly files: readonly [TakenFile, ...TakenFile[]];
  readonly mounts: readonly JailMount[];
}

export interface ToolboxOptions {
  readonly tools: ToolPolicies;
  /** Where MEX keeps its copies of tools, as a shadow workspace: swept when the process dies. */
  readonly shadowRoot: string;
  /**
   * Directories no program may come from, besides the temporary ones of the system: the home of MEX, shadow
   * workspaces, the trees that inputs come from, the current directory.
   */
  readonly untrustedRoots: readonly string[];
  /** Where tools without a path are looked for. Default: the system's directories. */
  readonly directories?: readonly string[];
}

/** Paths that the jail uses itself. */
const JAIL_OWN = /^\/(?:work|inputs|tools|tmp|proc|dev)\//u;

/** The external programs that policy names, each resolved once and again when its file changes. One a host. */
export class Toolbox {
  private readonly tools: ToolPolicies;
  private readonly shadowRoot: string;
  private readonly roots: readonly string[];
  private readonly directories: readonly string[];
  private readonly resolved = new Map<string, Promise<ResolvedTool>>();
  /** Copies by the path of their original. */
  private readonly taken = new Map<string, Promise<ToolFile>>();
  private readonly versions = new Map<string, string>();
  private shelf: ShadowWorkspace | undefined;
  private copies = 0;

  constructor(options: ToolboxOptions) {
    this.tools = options.tools;
    this.shadowRoot = options.shadowRoot;
    this.roots = untrustedRoots([options.shadowRoot, ...options.untrustedRoots]);
    this.directories = options.directories ?? SYSTEM_DIRECTORIES;
  }

  /** @throws MexError `TOOL_NOT_ALLOWED` for a tool that policy does not name */
  policyOf(name: string): ToolPolicy {
    const policy = Object.hasOwn(this.tools, name) ? this.tools[name] : undefined;
    if (policy !== undefined) return policy;
    throw toolError(
      'TOOL_NOT_ALLOWED',
      `The policy names no tool ${quoteText(name)}.`,
      `Add ${quoteText(name)} to the tools of the policy, or use an engine that does not need it.`,
    );
  }

  /**
   * The tool as it is to be started now. What it gives was hashed, compared with policy, and lies where only this
   * user can reach it: no change of the original reaches a run.
   * @throws MexError `TOOL_NOT_ALLOWED`, `TOOL_POLICY_INVALID`, `TOOL_NOT_FOUND`, `TOOL_DIGEST_MISMATCH`,
   * `TOOL_START_FAILED` (a script whose interpreter is not known), `SECURITY_UNTRUSTED_EXECUTION`
   */
  async resolve(name: string): Promise<ResolvedTool> {
    const known = this.resolved.get(name);
    if (known !== undefined) {
      const tool = await known;
      if (await this.isUpToDate(tool)) {
        await Promise.all(tool.files.map(verifyCopy));
        return tool;
      }
      if (this.resolved.get(name) === known) this.resolved.delete(name);
    }
    const running = this.resolved.get(name) ?? this.remember(name, this.resolveNow(name, this.policyOf(name)));
    return running;
  }

  /** What the tool said of its version, kept for the very bytes that said it. */
  versionOf(tool: ResolvedTool): string | undefined {
    return this.versions.get(versionKey(tool));
  }

  keepVersion(tool: ResolvedTool, version: string): void {
    this.versions.set(versionKey(tool), version);
  }

  /** Removes the copies. */
  async close(): Promise<void> {
    await Promise.allSettled(this.resolved.values());
    this.resolved.clear();
    this.taken.clear();
    const { shelf } = this;
    this.shelf = undefined;
    await shelf?.dispose();
  }

  private remember(name: string, running: Promise<ResolvedTool>): Promise<ResolvedTool> {
    this.resolved.set(name, running);
    // A tool that is installed later, or repaired, is found without a restart.
    running.catch(() => {
      if (this.resolved.get(name) === running) this.resolved.delete(name);
    });
    return running;
  }

  private async resolveNow(name: string, policy: ToolPolicy): Promise<ResolvedTool> {
    verifyToolPolicy(name, policy);
    const file = await this.take(policy.path ?? name);
    if (policy.sha256 !== undefined && policy.sha256 !== file.sha256) throw otherDigest(name, file, policy.sha256);
    const script = readShebang(file.path, file.head);
    const own = policy.args_prefix ?? [];
    const readOnly = (policy.read_only ?? []).map((path) => this.share(path));
    if (script === undefined && policy.interpreter === undefined) {
      const mount = mountOf(file);
      return {
        name,
        policy,
        program: mount.target,
        prefix: own,
        command: file.path,
        files: [file],
        mounts: [...readOnly, mount],
      };
    }
    const interpreter = await this.take(policy.interpreter ?? script?.interpreter ?? '');
    if (readShebang(interpreter.path, interpreter.head) !== undefined) throw scriptedInterpreter(file, interpreter);
    const args = policy.interpreter === undefined ? (script?.args ?? []) : [];
    const [tool, runner] = [mountOf(file), mountOf(interpreter)];
    return {
      name,
      policy,
      program: runner.target,
      prefix: [...args, tool.target, ...own],
      command: interpreter.path,
      files: [file, interpreter],
      mounts: [...readOnly, tool, runner],
    };
  }

  private async take(asked: string): Promise<TakenFile> {
    const path = this.locate(asked);
    if (path === undefined) throw this.notFound(asked);
    const known = this.taken.get(path);
    // An interpreter that several tools share is one copy, as long as the file is the same.
    const shared = known === undefined ? undefined : await known.catch(() => undefined);
    if (shared !== undefined && (await isCurrent(shared))) return { ...shared, asked };
    this.shelf ??= createShadowWorkspace('tools', { root: this.shadowRoot });
    this.copies += 1;
    const copying = copyTool(path, join(this.shelf.dir, `tool-${this.copies}`));
    this.taken.set(path, copying);
    return { ...(await copying), asked };
  }

  /** Links may have been turned, and directories opened to others, since the last run. */
  private async isUpToDate(tool: ResolvedTool): Promise<boolean> {
    if (tool.files.some(({ asked, path }) => this.locate(asked) !== path)) return false;
    const current = await Promise.all(tool.files.map(isCurrent));
    return current.every(Boolean);
  }

  private locate(asked: string): string | undefined {
    return asked.startsWith('/') ? followTrusted(asked, this.roots) : this.search(asked);
  }

  /** The first that is there is the one; if it cannot be trusted, none is run instead. */
  private search(name: string): string | undefined {
    for (const directory of this.directories) {
      const candidate = join(directory, name);
      if (!existsSync(candidate) || statSync(candidate).isDirectory()) continue;
      return followTrusted(candidate, this.roots);
    }
    return undefined;
  }

  private share(path: string): JailMount {
    const source = followTrusted(path, this.roots);
    if (source === undefined) throw this.notFound(path);
    return { source, target: path };
  }

  private notFound(pathOrName: string) {
    const where = pathOrName.startsWith('/') ? 'is not there' : `is in none of ${this.directories.join(', ')}`;
    return toolError(
      'TOOL_NOT_FOUND',
      `${quoteText(pathOrName, 400)} ${where}.`,
      'Install it, or name its absolute path in the policy.',
    );
  }
}

/** A tool has its own path in the jail, so that it finds what lies beside it in the system; unless the jail has that path. */
function mountOf({ path, copy }: ToolFile): JailMount {
  return { source: copy, target: JAIL_OWN.test(path) ? join('/tools', basename(copy), basename(path)) : path };
}

function versionKey(tool: ResolvedTool): string {
  return [tool.name, ...tool.files.map((file) => file.sha256)].join(' ');
}

function otherDigest(name: string, file: ToolFile, wanted: string) {
  return toolError(
    'TOOL_DIGEST_MISMATCH',
    `${quoteText(file.path, 400)} has SHA-256 ${file.sha256}; the policy wants ${wanted} for ${quoteText(name)}.`,
    'If the tool was upgraded on purpose, put its new digest into the policy; if not, find out who changed it.',
  );
}

function scriptedInterpreter(file: ToolFile, interpreter: ToolFile) {
  return toolError(
    'TOOL_START_FAILED',
    `${quoteText(file.path, 400)} is run by ${quoteText(interpreter.path, 400)}, which is a script itself.`,
    'Name a program as `interpreter` in the policy of the tool.',
  );
}
