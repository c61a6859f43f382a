import { redact, stripControl } from '@mex/guard';

/** Tells the operator's own log, stderr, what failed in the host: it goes into no record and to no planner. Masked. */
export function warnOfFault(opId: string, thrown: unknown): void {
  const why = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'something that is no error was thrown';
  process.emitWarning(`Operation ${opId} broke: ${redact(stripControl(why))}`, {
    type: 'MexWarning',
    code: 'MEX_OPERATION_BROKEN',
  });
}
