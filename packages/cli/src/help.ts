import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from './command-table.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { LATER_COMMANDS } from './later-commands.ts';
import { bold, dim } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';
import { suggest } from './suggest.ts';
import { usageError } from './usage-error.ts';

const EXIT_MEANINGS: readonly (readonly [string, string])[] = [
  ['0', 'done; nothing blocks'],
  ['1', 'a block, or a failed verification'],
  ['2', 'wrong usage or configuration'],
  ['3', 'denied by a gate, or waiting for a person'],
  ['4', 'the engine failed'],
  ['5', 'timed out or cancelled'],
  ['6', 'integrity: something recorded or stored is not what it was'],
];

/** Shows help: everything, one group (`mex help log`), or one command. @throws MexError for an unknown topic */
export function showHelp(terminal: Terminal, topic: readonly string[]): ExitCode {
  if (terminal.format === 'json') {
    terminal.document({ commands: select(topic).map(describe), global_options: GLOBAL_OPTIONS });
    return EXIT.done;
  }
  const commands = select(topic);
  const [only] = commands;
  if (topic.length > 0 && commands.length === 1 && only !== undefined) showCommand(terminal, only);
  else showCommands(terminal, commands, topic.length === 0);
  return EXIT.done;
}

function select(topic: readonly string[]): readonly CommandSpec[] {
  const [first, second] = topic;
  if (first === undefined || first === 'help') return COMMANDS;
  const group = COMMANDS.filter((command) => command.path[0] === first);
  const exact = group.filter((command) => command.path[1] === second);
  if (group.length === 1 || second === undefined) return group.length > 0 ? group : unknownTopic(topic);
  if (exact.length > 0) return exact;
  // The second word is what it is about, as in `mex certify ./engine --help`.
  const whole = group.filter((command) => command.path.length === 1);
  return whole.length > 0 ? whole : unknownTopic(topic);
}

function unknownTopic(topic: readonly string[]): never {
  const wanted = topic.join(' ');
  const near = suggest(
    wanted,
    COMMANDS.flatMap((command) => [command.path.join(' '), command.path[0] ?? '']),
  );
  throw usageError(
    `There is no command "${wanted}".`,
    near === undefined ? 'See: mex help' : `Did you mean: mex help ${near}`,
  );
}

function describe(command: CommandSpec): unknown {
  const { path, summary, arguments: args = [], options = [], notes = [] } = command;
  return { command: path.join(' '), usage: usageOf(command), summary, arguments: args, options, notes };
}

function usageOf(command: CommandSpec): string {
  const args = (command.arguments ?? []).map((spec: ArgumentSpec) =>
    spec.optional ? `[<${spec.name}>]` : `<${spec.name}>`,
  );
  const options = (command.options ?? []).map((spec) => `[${optionUsage(spec)}]${spec.multiple ? '…' : ''}`);
  return ['mex', ...command.path, ...args, ...options].join(' ');
}

function optionUsage(spec: OptionSpec): string {
  return spec.value === undefined ? `--${spec.name}` : `--${spec.name} ${spec.value}`;
}

function showCommands(terminal: Terminal, commands: readonly CommandSpec[], all: boolean): void {
  if (all) {
    terminal.line(bold('mex'), ': plan, check, run in a sandbox, keep by hash, record.');
    terminal.line();
  }
  const width = (command: CommandSpec): string =>
    ['mex', ...command.path, ...(command.arguments ?? []).map((spec) => `<${spec.name}>`)].join(' ');
  terminal.table(
    commands.map((command) => [width(command), dim(command.summary)]),
    { indent: 2 },
  );
  terminal.line();
  if (!all) return terminal.line('More: mex help ', commands[0]?.path.join(' ') ?? '');
  showOptions(terminal, 'Options of every command', GLOBAL_OPTIONS);
  terminal.line(bold('Exit codes'));
  terminal.table(
    EXIT_MEANINGS.map(([code, meaning]) => [code, dim(meaning)]),
    { indent: 2 },
  );
  terminal.line();
  terminal.line('Begin with: mex scan .     More: mex help <command>');
  terminal.line(dim(`Not in this version: ${LATER_COMMANDS.join(', ')}`));
}

function showCommand(terminal: Terminal, command: CommandSpec): void {
  terminal.line(bold(usageOf(command)));
  terminal.line('  ', command.summary);
  terminal.line();
  const args = command.arguments ?? [];
  if (args.length > 0) {
    terminal.table(
      args.map((spec) => [`<${spec.name}>`, dim(spec.help)]),
      { indent: 2 },
    );
    terminal.line();
  }
  if ((command.options ?? []).length > 0) showOptions(terminal, 'Options', command.options ?? []);
  showOptions(terminal, 'Options of every command', GLOBAL_OPTIONS);
  for (const note of command.notes ?? []) terminal.line(note);
}

function showOptions(terminal: Terminal, title: string, options: readonly OptionSpec[]): void {
  terminal.line(bold(title));
  terminal.table(
    options.map((spec) => [`${optionUsage(spec)}${spec.short ? `, -${spec.short}` : ''}`, dim(spec.help)]),
    { indent: 2 },
  );
  terminal.line();
}
