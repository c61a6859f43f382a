import { setTimeout as delay } from 'node:timers/promises';
import type { EventFilter, EventReader, RecordedEvent } from './reader.ts';

/** How often a follower looks for events of other processes, in milliseconds. */
const POLL_MS = 100;
const BATCH = 500;

/** What to follow. Without `after` it starts behind the newest event. */
export interface FollowOptions extends Pick<EventFilter, 'op' | 'run' | 'type' | 'subject' | 'after'> {
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
}

/** Yields events as they are recorded, by whichever process, until the signal fires or `isOpen` says no. */
export async function* followEvents(
  reader: EventReader,
  options: FollowOptions,
  isOpen: () => boolean,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const { signal, after: start, ...filter } = options;
  const isOver = (): boolean => signal?.aborted === true || !isOpen();
  if (isOver()) return;
  let after = start ?? reader.size() - 1;
  while (!isOver()) {
    const newest = reader.size() - 1;
    const batch = reader.list({ ...filter, after, limit: BATCH });
    for (const recorded of batch) {
      yield recorded;
      if (isOver()) return;
      after = recorded.seq;
    }
    if (batch.length === BATCH) continue;
    // Everything up to here was looked at, also what the filter left out.
    after = Math.max(after, newest);
    await pause(signal);
  }
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(POLL_MS, undefined, signal === undefined ? {} : { signal });
  } catch {
    // The signal fired, which is how a follower is told to stop.
  }
}
