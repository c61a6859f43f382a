import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { MexError } from '@mex/envelope';
import type { Host } from '@mex/host';
import { argumentText, type CommandRun, type Invocation, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { closeHost, openWiredHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { dim, green, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { readDocument } from '../read-document.ts';
import { usageError } from '../usage-error.ts';

const OPENING_BRACE = '{'.charCodeAt(0);

/** `mex runs apply <change-set>` */
export const applyToRun: CommandRun = async (invocation, terminal) => {
  const host = await openWiredHost(invocation);
  try {
    const runId = await chooseRun(host, invocation);
    const input = await readInput(host, argumentText(invocation, 'change-set'));
    const isDocument = input.find((byte) => byte > 0x20) === OPENING_BRACE;
    const set = isDocument ? input : await host.runs.readDiff(runId, input);
    return await apply(host, runId, set, invocation, terminal);
  } finally {
    await closeHost(host);
  }
};

/** The run that is named; else one of the caller's own, for this workspace. */
async function chooseRun(host: Host, invocation: Invocation): Promise<string> {
  const named = optionText(invocation, 'run');
  const workspace = optionText(invocation, 'workspace');
  if (named !== undefined && workspace !== undefined) {
    throw usageError('--run and --workspace exclude each other: a run has its workspace.', 'Leave out --workspace.');
  }
  if (named !== undefined) return host.runs.show(named).definition.run_id;
  const { definition } = await host.openRun({ workspace: resolve(workspace ?? '.') });
  return definition.run_id;
}

/** A file, `-`, or an artifact of the store. */
async function readInput(host: Host, name: string): Promise<Uint8Array> {
  if (name !== '-' && !existsSync(name) && /^[0-9a-f-]{8,64}$/.test(name)) {
    return host.artifacts.get(await host.artifacts.resolve(name));
  }
  return readDocument(name);
}

async function apply(
  host: Host,
  runId: string,
  set: Uint8Array | object,
  invocation: Invocation,
  terminal: Terminal,
): Promise<(typeof EXIT)[keyof typeof EXIT]> {
  try {
    const { changeId, files, changedLines, warnings } = await host.runs.apply(runId, set, host.caller);
    terminal.document({
      run_id: runId,
      change_id: changeId,
      status: 'applied',
      files,
      changed_lines: changedLines,
      warnings,
    });
    terminal.line(green('applied'), `  ${files} files, ${changedLines} lines`);
    for (const warning of warnings) terminal.line(yellow('warning '), warning);
    terminal.line(dim('Undo it: '), hint(invocation, `mex runs rollback ${runId.slice(0, 8)}`));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof MexError) || error.code !== 'APPROVAL_REQUIRED') throw error;
    const { code, message } = error;
    terminal.document({ run_id: runId, status: 'held', code, message });
    terminal.line(yellow('held'), `  ${message}`);
    terminal.line(dim('Look:  '), hint(invocation, 'mex approvals list'));
    const name = argumentText(invocation, 'change-set');
    terminal.line(dim('Then:  '), hint(invocation, `mex runs apply ${name} --run ${runId}`));
    return EXIT.denied;
  }
}
