import type { ProblemStatus } from '@mex/envelope';
import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findProblem } from '../find-problem.ts';
import { withHost } from '../home.ts';

const STATUS_OF: Readonly<Record<string, ProblemStatus>> = { ack: 'acknowledged', mute: 'muted', resolve: 'resolved' };

/** `mex problems ack|mute|resolve <id>` */
export const setProblemStatus: CommandRun = async (invocation, terminal) => {
  const status = STATUS_OF[invocation.command.path[1] ?? ''] ?? 'acknowledged';
  const problem = await withHost(invocation, async (host) => {
    const { id } = findProblem(host.recorder, argumentText(invocation, 'id'));
    return host.recorder.problems.setStatus(id, status, { kind: host.caller.kind, id: host.caller.id });
  });
  terminal.document(problem);
  terminal.line(`${problem.status}: ${problem.title}`);
  return EXIT.done;
};
