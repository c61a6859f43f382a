// @boundaries-ignore the exit codes of the command, which has no entry for programs
import { exitOfError } from '../../../../packages/cli/src/exit-codes.ts';
import { code, generated, stack, table } from './markdown.ts';
import { listNames, readText } from './read.ts';

const KINDS = [
  ['validation', 'what was asked for is not well formed, or not of this engine'],
  ['capability', 'it is not granted'],
  ['integrity', 'something is not what it was, or was said to be'],
  ['budget', 'a budget, quota or ceiling says no'],
  ['provenance', 'where something comes from cannot be told'],
  ['determinism', 'a promise about repeating was not kept, or not made'],
  ['sandbox', 'the sandbox could not be had, or the engine broke out of its protocol'],
  ['tool', 'an engine, or a program that it runs, failed'],
  ['policy', 'the operator’s rules say no, or wait for a person'],
  ['canceled', 'it was cancelled, or its run ended'],
  ['internal', 'MEX itself failed'],
] as const;

interface ErrorPage {
  readonly name: string;
  readonly kind: string;
  readonly meaning: string;
}

/** `errors.md`: every code there is, from its page. */
export function renderErrors(): string {
  const pages = listNames('docs/errors')
    .filter((name) => name !== 'README.md')
    .map(readPage);
  return stack(
    generated(
      'Errors',
      'the pages in `docs/errors`',
      'An error has a code, a kind, a message and a remedy. Compare codes, never messages. The same codes by package: [docs/errors](../errors/README.md).',
    ),
    '## Kinds',
    table(
      ['kind', 'exit code', 'meaning'],
      KINDS.map(([kind, meaning]) => [code(kind), String(exitOfError({ code: '', kind })), meaning]),
    ),
    'The exit code is that of a command which ends with such an error. `mex run` goes by the status of the result: `denied` is 3, `timed_out` and `cancelled` are 5, `failed` is 4, or 6 where integrity failed.',
    `## All ${pages.length} codes`,
    table(
      ['code', 'kind', 'meaning'],
      pages.map(({ name, kind, meaning }) => [`[${name}](../errors/${name}.md)`, kind, meaning]),
    ),
  );
}

function readPage(file: string): ErrorPage {
  const name = file.replace(/\.md$/, '');
  const [, meaning = '', kind = ''] =
    /^# .+\n\n([\s\S]+?)\n\n\*\*Kind\*\* (.+)\n/.exec(readText(`docs/errors/${file}`)) ?? [];
  if (kind === '') throw new Error(`docs/errors/${file} has not the form of an error page: title, sentence, **Kind**`);
  return { name, kind, meaning };
}
