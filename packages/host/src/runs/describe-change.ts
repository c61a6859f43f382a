import { canonicalJson, parseStrictJson } from '@mex/envelope';
import { redactJson } from '@mex/guard';
import { type ChangeSet, type PathState, type PreparedChange, type RunView, showChange } from '@mex/runs';

/** What is shown of a change at most: files, and lines of all of them. The rest is told by hash and count. */
const MAX_SHOWN = 500;
const MAX_LINES = 1_000;
/** Of one file, as long as there is room. */
const MAX_FILE_LINES = 60;

const NOT_SHOWN = 'not shown: the change set is too large. Read the content by its hash: mex artifacts cat <hash>';

/** What the people who decide about a change set are shown: where, how much, and the lines themselves; secrets masked. */
export function describeChange({ definition }: RunView, { title }: ChangeSet, prepared: PreparedChange): string {
  const detail = {
    title: title ?? null,
    workspace: prepared.workspace,
    change_set_sha256: prepared.changeSetSha256,
    changed_lines: prepared.changedLines,
    formatting_only: prepared.formattingOnly,
    ...(prepared.overBudget === undefined
      ? {}
      : { over_budget: prepared.overBudget, change_budget: definition.change_budget }),
    paths: prepared.moves.length,
    ...(prepared.moves.length > MAX_SHOWN ? { paths_not_shown: prepared.moves.length - MAX_SHOWN } : {}),
    changes: showMoves(prepared),
  };
  return canonicalJson(redactJson(parseStrictJson(canonicalJson(detail))));
}

/** Path by path what goes and what comes, with the lines themselves as far as they fit. */
function showMoves({ moves, files, contents }: PreparedChange): object[] {
  const lines = new Map(files.map((file) => [file.path, file.lines.changed]));
  let room = MAX_LINES;
  return moves.slice(0, MAX_SHOWN).map(({ path, from, to }) => {
    const bytesOf = (state: PathState) => (state?.kind === 'file' ? contents.get(state.sha256) : undefined);
    const isFile = from?.kind === 'file' || to?.kind === 'file';
    const shown = isFile && room > 0 ? showChange(bytesOf(from), bytesOf(to), Math.min(room, MAX_FILE_LINES)) : [];
    room -= shown.length;
    // Nobody shall take what was left out for nothing.
    const diff = isFile && shown.length === 0 ? [NOT_SHOWN] : shown;
    return { path, before: nameState(from), after: nameState(to), lines: lines.get(path) ?? 0, diff };
  });
}

function nameState(state: PathState): string {
  if (state === null) return 'nothing';
  return state.kind === 'file' ? `0${state.mode.toString(8)} ${state.sha256}` : 'directory';
}
