// A process that collects 300 artifacts and dies in the second transaction of the removal.
import { DEFAULT_POLICY, openHost } from '@mex/host';
import { writeJanitor } from './fake-janitor.ts';

const [home = ''] = process.argv.slice(2);
const engines = [writeJanitor(home, "item.layer==='cache'")];
const host = await openHost({ home, engines, policy: DEFAULT_POLICY, caller: { id: 'app:test', kind: 'system' } });
const meta = { kind: 'file', mime: 'text/plain', layer: 'cache', created_by: {} } as const;
await Promise.all(Array.from({ length: 300 }, (_, at) => host.artifacts.put(Buffer.from(`content ${at}`), meta)));
const remove = host.artifacts.remove.bind(host.artifacts);
host.artifacts.remove = (ids, mayGo) => {
  let asked = 0;
  return remove(ids, (manifest) => {
    asked += 1;
    if (asked === 250) process.kill(process.pid, 'SIGKILL');
    return mayGo(manifest);
  });
};
await host.prune({ now: Date.now() + 100 * 86_400_000, policy: { minVersions: 0 } });
