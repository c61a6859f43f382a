import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { engine as sbom } from '@mex/engine-sbom';
import { findFiles, openHost } from '@mex/host';

// A home holds the log, the artifacts and the keys of one installation.
const host = await openHost({ home: mkdtempSync(join(tmpdir(), 'mex-embed-')), engines: [sbom] });
try {
  // An input is pinned before it is used: the engine can read exactly these bytes and nothing else.
  const root = resolve(process.argv[2] ?? '.');
  const { files } = findFiles(root, (name) => /lock|^package\.json$/.test(name));
  const { handle } = await host.artifacts.pinFiles(root, files);

  // Plan, then execute. Your agent may have written the plan; the gates judge it all the same.
  const operation = host.plan({ engineId: 'engine.supply_chain.sbom', operation: 'sbom.generate', inputs: [handle] });
  const result = await host.execute(operation, { caller: { id: 'app:embed', kind: 'system' } });
  console.log(result.status, result.summary?.['packages'] ?? result.errors);

  // What came out is named by its hash, and the record of it can be checked.
  for (const output of result.outputs) console.log(output.name, output.sha256);
  console.log('log verifies:', (await host.recorder.verify()).ok);
} finally {
  await host.close();
}
