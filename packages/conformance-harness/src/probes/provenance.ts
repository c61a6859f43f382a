import type { LoadedVector } from '@mex/engine-sdk/testing';
import type { EngineResult } from '@mex/envelope';
import { findCapability } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { type EngineUnderTest, implementationOf } from '../engine-under-test.ts';
import type { Observation } from '../lab/observation.ts';
import { goldenVectors, placeOf, tierProbe } from './probe.ts';

/** Provenance names everything a result rests on (CONTRACT §4). */
export const provenanceComplete = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const vector of goldenVectors(engine)) {
    const observed = await lab.baseline(vector);
    for (const [member, held] of Object.entries(claims(engine, vector, observed, lab.tier)))
      log.check(held, () => ({
        what: `provenance.${member} is missing or is not what was run.`,
        where: placeOf(bench, vector, `provenance.${member}`),
      }));
  }
});

function claims(
  { manifest }: EngineUnderTest,
  vector: LoadedVector,
  observed: Observation,
  tier: string,
): Record<string, boolean> {
  const { operation, result, sighting } = observed;
  const { provenance } = result;
  const environment = provenance.environment;
  const tools = sighting.calls.filter(({ call, code }) => call === 'tool.exec' && code === undefined);
  return {
    engine: provenance.engine_id === manifest.engine_id && provenance.engine_version === manifest.engine_version,
    implementation: provenance.implementation === implementationOf(manifest, vector)?.id,
    bundle_sha256: provenance.bundle_sha256 === manifest.bundle.sha256,
    inputs: sameItems(
      provenance.inputs,
      operation.inputs.flatMap((input) => ('sha256' in input ? [input.sha256] : [])),
    ),
    outputs: sameItems(
      provenance.outputs,
      result.outputs.map(({ sha256 }) => sha256),
    ),
    config_hash: provenance.config_hash !== undefined,
    operation_sha256: provenance.operation_sha256 !== undefined,
    capabilities_granted: capabilitiesNamed(operation, result),
    determinism: provenance.determinism === operation.determinism,
    'environment.isolation_tier': environment.isolation_tier === tier,
    'environment.runtime': environment.runtime_version !== '' && environment.os !== '' && environment.arch !== '',
    'environment.tool_versions': tools.every(({ body }) =>
      Object.hasOwn(environment.tool_versions, String(body['tool'])),
    ),
  };
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

/** Each that was asked for, and the consent behind each that needs one. */
function capabilitiesNamed(operation: Observation['operation'], { provenance }: EngineResult): boolean {
  const granted = new Map(
    provenance.capabilities_granted.map(({ capability_id, consent_id }) => [capability_id, consent_id]),
  );
  return operation.capabilities_requested.every(
    (id) => granted.has(id) && (findCapability(id)?.needsConsent !== true || granted.get(id) !== undefined),
  );
}

/** Everything a result names is in the store, with the bytes it says, and says who made it. */
export const artifactsStored = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const vector of goldenVectors(engine)) {
    const observed = await lab.baseline(vector);
    const { host } = await lab.hostOf(vector);
    const { outputs, evidence, logs_ref } = observed.result;
    for (const handle of [...outputs, ...evidence, ...(logs_ref === undefined ? [] : [logs_ref])]) {
      const bytes = await observed.read(handle);
      const { created_by } = await host.artifacts.manifest(handle.artifact_id);
      const isOwn = created_by.op_id === observed.operation.op_id && created_by.engine_id === engine.manifest.engine_id;
      log.check(isOwn && sha256Hex(bytes) === handle.sha256 && bytes.byteLength === handle.size_bytes, () => ({
        what: `The artifact "${handle.name ?? handle.artifact_id}" is not the one that the operation made.`,
        where: placeOf(bench, vector, handle.name),
      }));
    }
    log.check(true, () => ({ what: '' }));
  }
});
