import { dirname } from 'node:path';
import type { Outside } from './broker/axes.ts';
import type { ToolPolicies } from './broker/proc-exec/tool-policy.ts';
import { Toolbox } from './broker/proc-exec/toolbox.ts';
import type { SecretSource } from './broker/secrets.ts';

/** The operator's word on what operations may reach beyond their inputs and outputs (CONTRACT §7, §9). */
export interface OutsideOptions {
  /** `fs.read:<scope>`: name → absolute directory. */
  readonly scopes?: Readonly<Record<string, string>>;
  /** `net.http`: hosts (`host` or `host:port`) whose private addresses may be reached. */
  readonly privateHosts?: readonly string[];
  /** PEM certificates that `net.http` trusts instead of Node's. */
  readonly ca?: readonly string[];
  /** `proc.exec`: the external programs there are. */
  readonly tools?: ToolPolicies;
  /** Directories no external program may come from, besides the home, the current directory and temporary ones. */
  readonly untrustedRoots?: readonly string[];
  readonly secrets?: SecretSource;
  /** Secret id → scopes of `net.http` it may be sent to. A secret that is not here goes to any host that is granted. */
  readonly secretHosts?: Readonly<Record<string, readonly string[]>>;
  /** Engine id → ids of secrets whose value that engine may see, where its manifest asks for it. */
  readonly readableSecrets?: Readonly<Record<string, readonly string[]>>;
  /** Where a host of `net.http` really is, for applications that stage the outside. Never from a policy file. */
  readonly dial?: Outside['dial'];
  /** The directory that counts as the caller's tree, from which no program may come. Default: the current one. */
  readonly workingDirectory?: string;
}

/** Options with their defaults: what is not named is not there. */
export function createOutside(
  options: OutsideOptions,
  shadowRoot: string,
  storeDir: string,
  jail: Outside['jail'],
): Outside {
  const { tools = {}, untrustedRoots = [], workingDirectory = process.cwd() } = options;
  const roots = [dirname(storeDir), workingDirectory, ...untrustedRoots];
  return {
    scopes: options.scopes ?? {},
    privateHosts: options.privateHosts ?? [],
    ca: options.ca,
    dial: options.dial,
    secrets: options.secrets,
    secretHosts: options.secretHosts ?? {},
    readableSecrets: options.readableSecrets ?? {},
    toolbox: Object.keys(tools).length === 0 ? undefined : new Toolbox({ tools, shadowRoot, untrustedRoots: roots }),
    jail,
  };
}
