import { isAbsolute, normalize } from 'node:path';
import { quoteText } from '@mex/envelope';
import { environmentRefusal } from './environment.ts';
import { toolError } from './errors.ts';
import { optionEntryRefusal } from './option-rules.ts';

/** What the operator says about one external program. Nothing of it comes from an engine or a planner. */
export interface ToolPolicy {
  /** Absolute path. Without it the tool's name is looked for in the system's directories. */
  readonly path?: string;
  /** Lowercase hex SHA-256 that the file must have. */
  readonly sha256?: string;
  /** Absolute path of the program that runs the tool, instead of the one its `#!` line names. */
  readonly interpreter?: string;
  /** Put before what an engine asks for, e.g. a subcommand. Not subject to `options`. */
  readonly args_prefix?: readonly string[];
  /**
   * The options an engine may use; none without it. `--quiet`: exactly this. `--format=*`: with any value after the
   * `=`. `-k*`: with a value in the same argument. `-in *`: the next argument is its value. `any`: no guard at all.
   */
  readonly options?: 'any' | readonly string[];
  /** What an argument that is no data begins with, `-` among them. Default `-`, `@` and `+`. */
  readonly option_prefixes?: readonly string[];
  /** The tool takes everything after `--` as data, whatever it begins with. Default `false`. */
  readonly end_of_options?: boolean;
  /** Added to the tool's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files and directories of the host that the tool needs, such as its rules: seen under the same path, read only. */
  readonly read_only?: readonly string[];
  /** Most bytes of standard output, and of standard error. Default 16 MiB; the operation's budget may be less. */
  readonly max_output_bytes?: number;
  /** Longest run in milliseconds. Default: what the operation has left. */
  readonly timeout_ms?: number;
  /** Arguments that make the tool say its version on one line; recorded in provenance. */
  readonly version_args?: readonly string[];
}

/** By the name that capabilities use: `proc.exec:<name>`. */
export type ToolPolicies = Readonly<Record<string, ToolPolicy>>;

/** Names of tools, as scopes of `proc.exec` have them (CONTRACT §7). */
export const TOOL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Default of `max_output_bytes`. */
export const DEFAULT_OUTPUT_BYTES = 16 * 1024 * 1024;
const MAX_TEXTS = 256;

/**
 * Refuses what a schema cannot see: paths that are not absolute, variables that make programs run something else,
 * entries of `options` that mean nothing.
 * @throws MexError `TOOL_POLICY_INVALID`
 */
export function verifyToolPolicy(name: string, policy: ToolPolicy): void {
  const refusal = policyRefusal(name, policy);
  if (refusal === undefined) return;
  throw toolError(
    'TOOL_POLICY_INVALID',
    `The policy of tool ${quoteText(name)} cannot be used: ${refusal}.`,
    'Correct the tool in the policy, then run `mex policy check`.',
  );
}

function policyRefusal(name: string, policy: ToolPolicy): string | undefined {
  if (!TOOL_NAME.test(name)) return 'its name is none';
  const paths = [policy.path, policy.interpreter, ...(policy.read_only ?? [])].filter((path) => path !== undefined);
  const bad = paths.find((path) => !isAbsolute(path) || normalize(path) !== path || path.includes('\0'));
  if (bad !== undefined) return `${quoteText(bad)} is no absolute path in its shortest form`;
  if (policy.read_only?.some((path) => path === '/' || /^\/(?:proc|sys|dev|work|inputs|tools|tmp)(?:\/|$)/u.test(path)))
    return 'read_only names the root, a place of the kernel, or one that the sandbox uses itself';
  if (policy.sha256 !== undefined && !/^[0-9a-f]{64}$/u.test(policy.sha256)) return 'sha256 is no lowercase hex digest';
  const texts = [...(policy.args_prefix ?? []), ...(policy.version_args ?? [])];
  if (texts.length > MAX_TEXTS || texts.some((text) => text.includes('\0'))) return 'its own arguments are unusable';
  return optionsRefusal(policy) ?? numbersRefusal(policy) ?? environmentRefusal(policy.env ?? {});
}

function optionsRefusal({ options, option_prefixes: prefixes }: ToolPolicy): string | undefined {
  if (prefixes !== undefined && (!prefixes.includes('-') || prefixes.some((prefix) => prefix.length === 0)))
    return 'option_prefixes must hold "-" and nothing empty';
  if (options === undefined || options === 'any') return undefined;
  return options.map(optionEntryRefusal).find((refusal) => refusal !== undefined);
}

function numbersRefusal({ max_output_bytes: bytes, timeout_ms: timeout }: ToolPolicy): string | undefined {
  const bad = [bytes, timeout].some((value) => value !== undefined && !(Number.isSafeInteger(value) && value > 0));
  return bad ? 'max_output_bytes and timeout_ms are whole numbers above zero' : undefined;
}
