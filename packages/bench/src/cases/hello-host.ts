import { join } from 'node:path';
import type { PlannedOperation } from '@mex/envelope';
import { DEFAULT_POLICY, type Host, openHost } from '@mex/host';
import { engine as hello } from '@mex-example/engine-hello';

/** A whole MEX in a directory: log, artifacts and keys on the disk, worker threads, the example engine. */
export function openHelloHost(dir: string): Promise<Host> {
  return openHost({
    home: join(dir, 'home'),
    engines: [hello],
    // The shipped policy, except that nobody sends this many operations in a minute by accident, and that each runs: they
    // all ask the same, and would be answered from the cache.
    policy: { ...DEFAULT_POLICY, quota: { maxPerMinute: 1_000_000_000 }, resultCache: 'off' },
  });
}

/** Operations that do nothing, each with an op_id of its own. */
export function planNothing(host: Host, count: number): PlannedOperation[] {
  return Array.from({ length: count }, () =>
    host.plan({ engineId: hello.manifest.engine_id, operation: 'hello.nothing' }),
  );
}

/** Runs one of them to its result. @throws Error unless it succeeded: failing fast is not being fast. */
export async function runNothing(host: Host, operation: PlannedOperation | undefined): Promise<void> {
  if (operation === undefined) throw new Error('more operations were asked for than planned');
  const result = await host.execute(operation);
  if (result.status !== 'succeeded') throw new Error(`operation ${result.status}: ${JSON.stringify(result.errors)}`);
}
