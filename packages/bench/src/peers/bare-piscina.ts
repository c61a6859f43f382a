import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';

/** A text as long as the request that MEX sends to a worker for an operation without parameters. */
export const BARE_TASK = 'x'.repeat(320);

/** Piscina as it comes, without anything of MEX: as many threads as MEX gives one engine on two cores. */
export function openBarePiscina(threads: number): Piscina<string, string> {
  const filename = fileURLToPath(new URL('./bare-worker.ts', import.meta.url));
  return new Piscina({ filename, minThreads: threads, maxThreads: threads });
}
