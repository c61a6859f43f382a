import type { RegisteredEngine } from '@mex/registry';
import { describeCapability } from './capability-words.ts';
import { bold, dim, type Piece, yellow } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';

export const UNCERTIFIED =
  'Not certified: certificates come in a later version. It runs only while the development switch is on, as it is by default.';

/** The facts of an engine as the JSON documents have them. */
export function engineFacts({ manifest, origin, certificate }: RegisteredEngine) {
  return {
    engine_id: manifest.engine_id,
    engine_version: manifest.engine_version,
    title: manifest.title,
    origin,
    certificate,
    operations: Object.keys(manifest.operations),
    capabilities: capabilitiesOf(manifest),
    bundle_sha256: manifest.bundle.sha256,
  };
}

/** Every capability that an operation of the engine may ask for, each once. */
export function capabilitiesOf(manifest: RegisteredEngine['manifest']): string[] {
  return [...new Set(Object.values(manifest.operations).flatMap((operation) => operation.capabilities))].sort();
}

/** What an engine may do, in words. */
export function printCapabilities(terminal: Terminal, manifest: RegisteredEngine['manifest']): void {
  const capabilities = capabilitiesOf(manifest);
  terminal.line(
    bold('It may'),
    capabilities.length === 0 ? ' use nothing at all' : ', where policy and request allow it:',
  );
  terminal.table(
    capabilities.map((id): Piece[] => [id, dim(describeCapability(id))]),
    { indent: 2 },
  );
}

export function printUncertified(terminal: Terminal): void {
  terminal.line(yellow('warning: '), UNCERTIFIED);
}
