import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ArtifactHandle, parseStrictJson } from '@mex/envelope';
import { operationOf } from '../engine-under-test.ts';
import { codeOf, outcomeOf } from '../lab/observation.ts';
import { readInputs, storeInputs } from '../lab/vector-inputs.ts';
import { unfairEnd } from './fair-end.ts';
import { goldenVectors, packageProbe, placeOf, representatives, textOf, tierProbe } from './probe.ts';

/** The bundle is the one that the manifest names, and the package the one that it was made of. */
export const bundleMatches = packageProbe(({ engine, log }) => {
  const { manifest, bundleSha256, bundleBytes, packageDir } = engine;
  const { sha256, size_bytes } = manifest.bundle;
  log.check(bundleSha256 === sha256 && bundleBytes === size_bytes, () => ({
    what: `The bundle has ${bundleBytes} bytes and the SHA-256 ${bundleSha256}; the manifest names ${size_bytes} bytes and ${sha256}.`,
    where: { at: 'dist/engine.bundle' },
  }));
  const file = packageDir === undefined ? undefined : join(packageDir, 'package.json');
  if (file === undefined || !existsSync(file)) return;
  const { name, version } = namedPackage(readFileSync(file));
  log.check(name === manifest.package.name && version === manifest.package.version, () => ({
    what: `The manifest is of ${manifest.package.name} ${manifest.package.version}, the package is ${name} ${version}.`,
    where: { at: 'package.json' },
  }));
});

function namedPackage(content: Uint8Array): { name: string; version: string } {
  const value = parseStrictJson(content);
  const read = (key: string): string =>
    String(typeof value === 'object' && value !== null ? Reflect.get(value, key) : '');
  return { name: read('name'), version: read('version') };
}

/** An input that is not what its handle says is denied, and the engine is not asked. */
export const wrongDigest = tierProbe(async (bench) => {
  const { lab, log, case: one } = bench;
  const code = textOf(one.expect, 'code');
  for (const { vector } of await representatives(bench)) {
    if (vector.document.inputs.length === 0) continue;
    const { host } = await lab.hostOf(vector);
    const [first, ...rest] = await storeInputs(host.artifacts, vector, readInputs(vector));
    if (first === undefined) continue;
    const wrong: readonly [string, ArtifactHandle][] = [
      ['SHA-256', { ...first, sha256: hash('sha256', first.sha256, 'hex') }],
      ['size', { ...first, size_bytes: first.size_bytes + 1 }],
    ];
    for (const [what, handle] of wrong) {
      const observed = await lab.run(vector, { handles: [handle, ...rest] });
      const isHeld = observed.result.status === 'denied' && codeOf(observed) === code && observed.sighting.starts === 0;
      log.check(isHeld, () => ({
        what: `An input with another ${what} was not denied with ${code}: ${outcomeOf(observed)}.`,
        where: placeOf(bench, vector),
      }));
    }
  }
});

/** Every file of a pinned directory changes on the disk after planning: no read gets other bytes, and the operation says so. */
export const driftSeen = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  const told = new Set([textOf(bench.case.expect, 'code')]);
  let drifted = 0;
  for (const vector of goldenVectors(engine)) {
    const operation = operationOf(engine, vector);
    const baseline = await lab.baseline(vector);
    const contents = readInputs(vector);
    const at = contents.findIndex((content) => content.kind === 'bundle');
    const reads = baseline.sighting.calls.some(({ call, body }) => call === 'input.read' && body['input'] === at);
    const content = contents[at];
    if (operation === undefined || content?.kind !== 'bundle' || !reads) continue;
    const { host, home } = await lab.hostOf(vector);
    drifted += 1;
    const root = join(dirname(home), `drift-${drifted}`);
    for (const [path, bytes] of content.files) writeBelow(root, path, bytes);
    const handles = await storeInputs(host.artifacts, vector, contents);
    const { handle } = await host.artifacts.pinDirectory(root);
    const named = handles[at]?.name === undefined ? handle : { ...handle, name: handles[at].name };
    for (const [path, bytes] of content.files) writeBelow(root, path, Buffer.concat([bytes, Buffer.from('\n')]));
    const observed = await lab.run(vector, { handles: handles.map((other, index) => (index === at ? named : other)) });
    const unfair = unfairEnd(observed, baseline, operation, told);
    log.check(unfair === undefined, () => ({
      what: `Inputs changed after they were planned: ${unfair}.`,
      where: placeOf(bench, vector),
    }));
  }
  if (drifted === 0) log.notApplicable('No golden vector reads a file of a directory.');
});

function writeBelow(root: string, path: string, bytes: Uint8Array): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}
