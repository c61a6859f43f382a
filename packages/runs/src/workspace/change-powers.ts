import type { ArtifactStore } from '@mex/artifacts';
import type { FlightRecorder } from '@mex/flight-recorder';

/** What changing a workspace works with. */
export interface ChangePowers {
  readonly recorder: FlightRecorder;
  readonly store: ArtifactStore;
  /** Ms since 1970; default the system clock. */
  readonly now?: () => number;
  /** Told of every step before it changes the disk; for tests that break or end the process there. */
  readonly onStep?: (step: string) => void;
}

export function timeOf({ now = Date.now }: ChangePowers): number {
  return now();
}
