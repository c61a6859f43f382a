import type { FlightEvent } from '@mex/envelope';
import { newEventId } from '@mex/flight-recorder';
import { openHelloHost, planNothing, runNothing } from './hello-host.ts';

/** Makes events that never were, as many as asked for: each new by its id, its span and its time. */
export type EventSource = (count: number) => FlightEvent[];

/** Runs one operation in `dir` and repeats the events that it left, so that sizes and kinds are the real ones. */
export async function sampleEvents(dir: string): Promise<EventSource> {
  const host = await openHelloHost(dir);
  const [plan] = planNothing(host, 1);
  let patterns: FlightEvent[];
  try {
    await runNothing(host, plan);
    patterns = host.recorder.list({ op: plan?.op_id ?? '' }).map((recorded) => recorded.event);
  } finally {
    await host.close();
  }
  let made = 0;
  return (count) =>
    Array.from({ length: count }, (): FlightEvent => {
      const pattern = patterns[made % patterns.length];
      if (pattern === undefined) throw new Error('an operation left no events');
      const span = `00000000-0000-4000-8000-${Math.floor(made / patterns.length)
        .toString(16)
        .padStart(12, '0')}`;
      made += 1;
      return {
        ...pattern,
        event_id: newEventId(Date.now()),
        activity_span_id: span,
        timestamp: new Date().toISOString(),
      };
    });
}
