import { anchor, code, generated, stack, table } from './markdown.ts';
import { runMex } from './read.ts';

interface Option {
  readonly name: string;
  readonly value?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  readonly multiple?: boolean;
  readonly help: string;
}

interface Command {
  readonly command: string;
  readonly usage: string;
  readonly summary: string;
  readonly arguments: readonly { readonly name: string; readonly optional?: boolean; readonly help: string }[];
  readonly options: readonly Option[];
  readonly notes: readonly string[];
}

/** `commands.md`: what `mex help` says, all of it. */
export function renderCommands(): string {
  const help: { commands: Command[]; global_options: Option[] } = JSON.parse(runMex('help', '--format', 'json'));
  return stack(
    generated(
      'Commands',
      'what `mex help --format json` prints',
      'One binary, `mex`. Names in angle brackets are yours to fill in; what stands in square brackets may be left out.',
    ),
    table(
      ['command', 'what it does'],
      help.commands.map(({ command, summary }) => [`[mex ${command}](#${anchor(`mex ${command}`)})`, summary]),
    ),
    '## Options of every command',
    optionTable(help.global_options),
    '## Exit codes',
    table(['exit code', 'meaning'], exitCodes()),
    'Which error leads to which code is in [errors](errors.md).',
    help.commands.map(renderCommand),
  );
}

function renderCommand({ command, usage, summary, arguments: args, options, notes }: Command): string {
  const argumentRows = args.map(({ name, optional, help }) => [code(`<${name}>`), optional ? 'no' : 'yes', help]);
  return stack(
    `## mex ${command}`,
    sentence(summary),
    ['```text', usage, '```'].join('\n'),
    table(['argument', 'required', 'meaning'], argumentRows),
    optionTable(options),
    notes,
  );
}

function optionTable(options: readonly Option[]): string {
  return table(
    ['option', 'meaning'],
    options.map(({ name, value, short, choices, multiple, help }) => [
      code(`--${name}${value === undefined ? '' : ` ${value}`}${short === undefined ? '' : `, -${short}`}`),
      [
        help,
        choices === undefined || value === choices.join('|') ? '' : `one of ${choices.map(code).join(', ')}`,
        multiple ? 'may be given several times' : '',
      ]
        .filter((part) => part !== '')
        .join('; '),
    ]),
  );
}

/** The table is in the text of `mex help` only. */
function exitCodes(): string[][] {
  const [, part = ''] = runMex('help').split('Exit codes\n');
  const rows = [...part.matchAll(/^ {2}(\d) {2}(.+)$/gm)].map(([, exit = '', meaning = '']) => [exit, meaning]);
  if (rows.length < 7) throw new Error('mex help does not list its exit codes as it did; see exitCodes()');
  return rows;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
