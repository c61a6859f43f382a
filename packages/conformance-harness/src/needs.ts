import type { OperationManifest } from '@mex/envelope';
import { findCapability } from '@mex/envelope';
import { implementedOperation } from '@mex/runtime';
import type { Need } from './case-file.ts';
import { type EngineUnderTest, implementersOf } from './engine-under-test.ts';
import type { CertifiedTier } from './request.ts';

/** Why a case does not apply to an engine; `undefined` where it does. Decided from the manifest, never by the engine. */
export function missingNeed(
  needs: readonly Need[],
  engine: EngineUnderTest,
  tiers: readonly CertifiedTier[],
): string | undefined {
  const operations = Object.entries(engine.manifest.operations).flatMap(([name, operation]) =>
    implementersOf(engine.manifest, name).map((implementation) => implementedOperation(operation, implementation)),
  );
  const lacking = needs.find((need) => !isThere(need, engine, operations, tiers));
  return lacking === undefined ? undefined : REASONS[lacking];
}

const REASONS: Readonly<Record<Need, string>> = {
  'bound-vectors': 'The manifest names no digest of vectors.',
  'bundle-inputs': 'No golden vector has a directory among its inputs.',
  calls: 'No operation declares a capability, so none calls the broker.',
  capabilities: 'No operation declares a capability.',
  consent: 'No operation declares a capability that needs a consent.',
  frozen: 'No operation promises D2 or D3.',
  inputs: 'No operation takes inputs.',
  live: 'Every operation promises D2 or D3.',
  network: 'No operation declares net.http.',
  outputs: 'No operation declares an output.',
  package: 'The engine was not handed in as a package.',
  params: 'No operation has params.',
  programs: 'No operation declares proc.exec.',
  scopes: 'No operation declares fs.read of a scope.',
  secrets: 'No operation declares secrets.use.',
  'several-tiers': 'Only one tier is tested.',
};

function isThere(
  need: Need,
  engine: EngineUnderTest,
  operations: readonly OperationManifest[],
  tiers: readonly CertifiedTier[],
): boolean {
  const declares = (test: (id: string) => boolean): boolean =>
    operations.some(({ capabilities }) => capabilities.some(test));
  switch (need) {
    case 'bound-vectors':
      return boundVectors(engine) !== undefined;
    case 'bundle-inputs':
      return engine.vectors.some(
        ({ kind, document, files }) => kind === 'golden' && hasDirectory(document.inputs, files),
      );
    case 'calls':
    case 'capabilities':
      return declares(() => true);
    case 'consent':
      return declares((id) => findCapability(id)?.needsConsent === true);
    case 'frozen':
      return operations.some(({ determinism_ceiling: level }) => level === 'D2' || level === 'D3');
    case 'live':
      return operations.some(({ determinism_ceiling: level }) => level === 'D0' || level === 'D1');
    case 'inputs':
      return operations.some(({ inputs }) => inputs.max > 0);
    case 'outputs':
      return operations.some(({ outputs }) => outputs.length > 0);
    case 'network':
      return declares((id) => id.startsWith('net.http'));
    case 'programs':
      return declares((id) => id.startsWith('proc.exec'));
    case 'scopes':
      return declares((id) => id.startsWith('fs.read') && id !== 'fs.read:inputs');
    case 'secrets':
      return declares((id) => id.startsWith('secrets.use'));
    case 'package':
      return engine.packageDir !== undefined;
    case 'params':
      return operations.some(({ params_schema }) => Object.keys(Object(params_schema['properties'])).length > 0);
    case 'several-tiers':
      return tiers.length > 1;
  }
}

/** What the manifest says of the vectors, where it says something. */
export function boundVectors({ manifest }: EngineUnderTest): { sha256: string; count: number } | undefined {
  return manifest.conformance_vectors;
}

function hasDirectory(inputs: readonly { path: string }[], files: readonly { path: string }[]): boolean {
  return inputs.some(({ path }) => !files.some((file) => file.path === path));
}
