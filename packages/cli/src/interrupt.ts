import { EXIT } from './exit-codes.ts';
import type { Terminal } from './output/terminal.ts';

/** A signal for running operations; `stop` gives Ctrl-C back its usual meaning. */
export interface Interrupt {
  readonly signal: AbortSignal;
  readonly stop: () => void;
}

/** The first Ctrl-C or termination request cancels; the second quits at once. */
export function onInterrupt(
  terminal: Terminal,
  message = 'Cancelling. Press Ctrl-C again to quit at once.',
): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.ended);
    if (message !== '') terminal.note(message);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
