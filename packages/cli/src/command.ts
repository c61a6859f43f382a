import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './output/terminal.ts';

/** One `--option`. An option name means the same kind of value in every command that has it. */
export interface OptionSpec {
  readonly name: string;
  /** `flag` takes no value; `count` is a positive whole number. */
  readonly kind: 'text' | 'flag' | 'count' | 'choice';
  /** How the value is written in help, e.g. `<dir>`. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly multiple?: boolean;
  readonly short?: string;
  readonly help: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly optional?: boolean;
  readonly help: string;
}

/** One command: what help and the parser know of it, and where its code is. */
export interface CommandSpec {
  /** e.g. `['log', 'list']`. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Paragraphs below the options in help. */
  readonly notes?: readonly string[];
  /** Loads only this command's code. */
  readonly load: () => Promise<CommandRun>;
}

export type CommandRun = (invocation: Invocation, terminal: Terminal) => Promise<ExitCode> | ExitCode;

/** A command line after parsing: every option is known to the command and has the right kind of value. */
export interface Invocation {
  readonly command: CommandSpec;
  readonly format: 'text' | 'json';
  /** `--home`, else `$MEX_HOME`, else `./.mex`; not resolved. */
  readonly home: string;
  readonly arguments: ReadonlyMap<string, string>;
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** The value of a text or choice option. */
export function optionText(invocation: Invocation, name: string): string | undefined {
  return invocation.options.get(name)?.at(-1);
}

export function optionFlag(invocation: Invocation, name: string): boolean {
  return invocation.options.has(name);
}

export function optionList(invocation: Invocation, name: string): readonly string[] {
  return invocation.options.get(name) ?? [];
}

/** The value of a count option, which the parser has checked. */
export function optionCount(invocation: Invocation, name: string): number | undefined {
  const text = optionText(invocation, name);
  return text === undefined ? undefined : Number(text);
}

/** A required argument; the parser has made sure that it is there. */
export function argumentText(invocation: Invocation, name: string): string {
  return invocation.arguments.get(name) ?? '';
}
