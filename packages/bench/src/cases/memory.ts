import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { collectGarbage, throughput } from '../runner/rounds.ts';
import { limitRow, type Row } from '../runner/row.ts';
import { openHelloHost, planNothing, runNothing } from './hello-host.ts';

const IN_FLIGHT = 64;
const EARLY = 10_000;
const LATE = 100_000;
const CHUNK = 5_000;
/** Heaps are compared to a tenth: the collector does not leave the same bytes twice. */
const GROWTH = 1.1;

/** What 100,000 operations in one process leave on the heap, beside what 10,000 left. */
export const memory: Case = () =>
  withDirectory('memory', async (dir) => {
    const host = await openHelloHost(dir);
    try {
      const early = await heapAfter(EARLY);
      const late = await heapAfter(LATE - EARLY);
      const row = (promise: string, bytes: number): Row => limitRow(promise, [bytes / 1e6], 'MB');
      return [
        row('heap after 10,000 operations', early.heap),
        row('heap after 100,000 operations', late.heap),
        limitRow('100,000 over 10,000', [late.heap / early.heap], '×', { relation: '≤', value: GROWTH }),
        row('buffers outside the heap, 10,000', early.external),
        row('buffers outside the heap, 100,000', late.external),
      ];
    } finally {
      await host.close();
    }

    async function heapAfter(count: number): Promise<{ heap: number; external: number }> {
      for (let done = 0; done < count; done += CHUNK) {
        const plans = planNothing(host, CHUNK);
        await throughput(IN_FLIGHT, CHUNK, (index) => runNothing(host, plans[index]));
      }
      // Timers of the last operations fire first, then finalisers of one collection free what the next one finds.
      for (let pass = 0; pass < 4; pass += 1) {
        await sleep(100);
        collectGarbage();
      }
      const { heapUsed, external } = process.memoryUsage();
      return { heap: heapUsed, external };
    }
  });
