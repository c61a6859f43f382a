import { parseArgs } from 'node:util';
import type { CommandSpec, Invocation, OptionSpec } from './command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from './command-table.ts';
import { LATER_COMMANDS, LATER_OPTIONS } from './later-commands.ts';
import { suggest } from './suggest.ts';
import { usageError } from './usage-error.ts';

/** A command line that asks for help or the version instead of work. */
export type Request =
  | { readonly kind: 'run'; readonly invocation: Invocation }
  | { readonly kind: 'help'; readonly topic: readonly string[]; readonly format: 'text' | 'json' }
  | { readonly kind: 'version'; readonly format: 'text' | 'json' };

interface Given {
  readonly name: string;
  readonly raw: string;
  readonly value: string | undefined;
  readonly inline: boolean;
}

/**
 * Understands a command line.
 * @throws MexError `CLI_USAGE` or `CLI_NOT_AVAILABLE`, naming the nearest thing that exists.
 */
export function parseCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Request {
  const { given, words } = tokenize(argv);
  const format = readFormat(given);
  if (given.some((option) => option.name === 'version')) return { kind: 'version', format };
  const wantsHelp = given.some((option) => option.name === 'help');
  if (words[0] === 'help') return { kind: 'help', topic: words.slice(1), format };
  if (wantsHelp) return { kind: 'help', topic: words.slice(0, 2), format };
  const command = findCommand(words);
  const options = readOptions(command, given);
  return {
    kind: 'run',
    invocation: {
      command,
      format,
      home: options.get('home')?.at(-1) ?? (env['MEX_HOME'] || '.mex'),
      arguments: readArguments(command, words.slice(command.path.length)),
      options,
    },
  };
}

/** The format a command line asks for, as far as it can be told; for reporting a line that is otherwise wrong. */
export function guessFormat(argv: readonly string[]): 'text' | 'json' {
  return argv.some((word, at) => word === '--format=json' || (word === '--format' && argv[at + 1] === 'json'))
    ? 'json'
    : 'text';
}

function allOptions(): OptionSpec[] {
  return [...GLOBAL_OPTIONS, ...COMMANDS.flatMap((command) => command.options ?? [])];
}

function tokenize(argv: readonly string[]): { given: Given[]; words: string[] } {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> = {};
  for (const { name, kind, short } of allOptions()) {
    options[name] = { type: kind === 'flag' ? 'boolean' : 'string', multiple: true, ...(short ? { short } : {}) };
  }
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const given: Given[] = [];
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    else if (token.kind === 'option') {
      given.push({ name: token.name, raw: token.rawName, value: token.value, inline: token.inlineValue ?? false });
    }
  }
  return { given, words };
}

function readFormat(given: readonly Given[]): 'text' | 'json' {
  const value = given.findLast((option) => option.name === 'format')?.value;
  return value === 'json' ? 'json' : 'text';
}

function findCommand(words: readonly string[]): CommandSpec {
  const [first, second] = words;
  if (first === undefined) throw usageError('Say what to do.', 'Try: mex scan .   or see: mex help');
  const group = COMMANDS.filter((command) => command.path[0] === first);
  if (group.length === 0) throw unknownCommand(first);
  const named = second === undefined ? undefined : group.find((command) => command.path[1] === second);
  if (named !== undefined) return named;
  const only = group.find((command) => command.path.length === 1);
  if (only !== undefined) return only;
  const names = group.map((command) => command.path[1] ?? '');
  if (second === undefined) throw usageError(`mex ${first} needs a command.`, `One of: ${names.join(', ')}`);
  if (LATER_COMMANDS.includes(`${first} ${second}`)) throw notAvailable(`mex ${first} ${second}`);
  const near = suggest(second, names);
  const remedy = near === undefined ? `One of: ${names.join(', ')}` : `Did you mean: mex ${first} ${near}`;
  throw usageError(`mex ${first} has no command "${second}".`, remedy);
}

function unknownCommand(word: string): Error {
  if (LATER_COMMANDS.includes(word)) return notAvailable(`mex ${word}`);
  const known = [...new Set(COMMANDS.map((command) => command.path[0] ?? '')), 'help'];
  const near = suggest(word, known);
  return usageError(
    `There is no command "${word}".`,
    near === undefined ? `One of: ${known.join(', ')}` : `Did you mean: mex ${near}`,
  );
}

function notAvailable(what: string): Error {
  const known = [...new Set(COMMANDS.map((command) => command.path[0] ?? ''))];
  return usageError(
    `${what} is not available in this version.`,
    `What there is: ${known.join(', ')}. See: mex help`,
    'CLI_NOT_AVAILABLE',
  );
}

function readOptions(command: CommandSpec, given: readonly Given[]): ReadonlyMap<string, readonly string[]> {
  const known = new Map([...GLOBAL_OPTIONS, ...(command.options ?? [])].map((option) => [option.name, option]));
  const values = new Map<string, string[]>();
  for (const option of given) {
    const spec = known.get(option.name);
    if (spec === undefined) throw unknownOption(command, option, [...known.keys()]);
    const value = readValue(spec, option);
    const list = values.get(spec.name) ?? [];
    if (list.length > 0 && spec.multiple !== true && spec.kind !== 'flag') {
      throw usageError(`${option.raw} was given twice.`, 'Give it once.');
    }
    list.push(value);
    values.set(spec.name, list);
  }
  return values;
}

function unknownOption(command: CommandSpec, option: Given, known: readonly string[]): Error {
  const line = `mex ${command.path.join(' ')}`;
  if (LATER_OPTIONS.get(line)?.includes(option.name)) {
    const remedy = `Leave it out. See: mex help ${command.path.join(' ')}`;
    return usageError(`${line} ${option.raw} is not available in this version.`, remedy, 'CLI_NOT_AVAILABLE');
  }
  const near = suggest(option.name, known);
  const remedy = near === undefined ? `See: mex help ${command.path.join(' ')}` : `Did you mean: --${near}`;
  return usageError(`${line} has no option ${option.raw}.`, remedy);
}

function readValue(spec: OptionSpec, { raw, value, inline }: Given): string {
  if (spec.kind === 'flag') {
    if (value !== undefined) throw usageError(`${raw} takes no value.`, `Write just ${raw}.`);
    return 'true';
  }
  // Strict parsing would say the same, but not what to do about it.
  if (value === undefined || value === '' || (!inline && value.length > 1 && value.startsWith('-'))) {
    throw usageError(
      `${raw} needs a value.`,
      `Write ${raw} ${spec.value ?? '<value>'}, or ${raw}=… if it begins with "-".`,
    );
  }
  if (spec.kind === 'count' && !/^[1-9]\d{0,8}$/.test(value)) {
    throw usageError(`${raw} takes a whole number above 0, not "${value}".`, `Example: ${raw} 50`);
  }
  if (spec.kind === 'choice' && !(spec.choices ?? []).includes(value)) {
    const near = suggest(value, spec.choices ?? []);
    const choices = (spec.choices ?? []).join(', ');
    throw usageError(
      `${raw} cannot be "${value}".`,
      near === undefined ? `One of: ${choices}` : `Did you mean: ${near}`,
    );
  }
  return value;
}

function readArguments(command: CommandSpec, words: readonly string[]): ReadonlyMap<string, string> {
  const specs = command.arguments ?? [];
  const line = `mex ${command.path.join(' ')}`;
  const values = new Map<string, string>();
  specs.forEach((spec, at) => {
    const word = words[at];
    if (word !== undefined && word !== '') values.set(spec.name, word);
    else if (spec.optional !== true) {
      throw usageError(`${line} needs <${spec.name}>: ${spec.help}.`, `See: mex help ${command.path.join(' ')}`);
    }
  });
  const extra = words[specs.length];
  if (extra !== undefined) {
    throw usageError(`${line} does not know what to do with "${extra}".`, `See: mex help ${command.path.join(' ')}`);
  }
  return values;
}
