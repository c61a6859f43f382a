import { argumentText, type CommandRun } from '../command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from '../command-table.ts';
import { EXIT } from '../exit-codes.ts';
import { suggest } from '../suggest.ts';
import { usageError } from '../usage-error.ts';

/** `mex completion bash|zsh`: a script made from the command table. */
export const completion: CommandRun = (invocation, terminal) => {
  const shell = argumentText(invocation, 'shell');
  if (shell !== 'bash' && shell !== 'zsh') {
    const near = suggest(shell, ['bash', 'zsh']);
    throw usageError(
      `There is no completion for "${shell}".`,
      near === undefined ? 'One of: bash, zsh' : `Did you mean: ${near}`,
    );
  }
  const lines = shell === 'zsh' ? ['autoload -Uz bashcompinit && bashcompinit', ...bashScript()] : bashScript();
  terminal.document({ shell, script: `${lines.join('\n')}\n` });
  for (const line of lines) terminal.line(line);
  return EXIT.done;
};

function bashScript(): string[] {
  const firsts = [...new Set([...COMMANDS.map((command) => command.path[0] ?? ''), 'help'])];
  const groups = firsts.flatMap((first) => {
    const seconds = COMMANDS.flatMap(({ path }) => (path[0] === first && path[1] !== undefined ? [path[1]] : []));
    return seconds.length === 0 ? [] : [`    ${first}) words="${seconds.join(' ')}" ;;`];
  });
  const options = COMMANDS.map(({ path, options: own = [] }) => {
    const names = [...own, ...GLOBAL_OPTIONS].map((option) => `--${option.name}`);
    return `    "${path.join(' ')}"*) words="${names.join(' ')}" ;;`;
  });
  return [
    '_mex() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" words=""',
    '  if [[ $cur == -* ]]; then',
    '    case "${COMP_WORDS[*]:1}" in',
    ...options,
    `    *) words="${GLOBAL_OPTIONS.map((option) => `--${option.name}`).join(' ')}" ;;`,
    '    esac',
    '  elif [[ $COMP_CWORD -eq 1 ]]; then',
    `    words="${firsts.join(' ')}"`,
    '  elif [[ $COMP_CWORD -eq 2 ]]; then',
    '    case "${COMP_WORDS[1]}" in',
    ...groups,
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$cur"))',
    '}',
    'complete -o filenames -F _mex mex',
  ];
}
