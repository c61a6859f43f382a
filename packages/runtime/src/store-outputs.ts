import type { ArtifactHandle } from '@mex/envelope';
import type { Grant } from './grant.ts';
import type { OperationPowers } from './operation.ts';
import type { Planned } from './planned.ts';
import type { Ending } from './result.ts';
import type { EngineRun } from './run-engine.ts';

/** Puts outputs, evidence and log of an operation into the store. Its outputs have passed the post-gates. */
export async function storeOutputs(
  planned: Planned,
  grant: Grant,
  run: EngineRun,
  config: string,
  ending: Ending,
  powers: OperationPowers,
): Promise<Ending> {
  const wanted = [...ending.outputs, ...ending.evidence];
  const log = logText(run);
  if (wanted.length === 0 && log === undefined) return ending;
  const creator = describeCreator(planned, grant, config);
  const evidence = new Set(ending.evidence);
  const putOne = async (handle: ArtifactHandle): Promise<void> => {
    const staged = handle.name === undefined ? undefined : run.broker.writer.staged.get(handle.name);
    if (staged === undefined) throw new Error('a staged output vanished');
    const layer: 'evidence' | 'derived' = evidence.has(handle) ? 'evidence' : 'derived';
    const { kind, mime, artifact_id, name } = handle;
    const meta = { kind, mime, layer, created_by: creator, artifact_id, ...(name === undefined ? {} : { name }) };
    const { sha256 } =
      typeof staged.content === 'string'
        ? await powers.store.putStream(staged.content, meta, { maxBytes: staged.size })
        : await powers.store.put(staged.content, meta);
    // The workspace is ours alone; a file that changed in it since it was hashed means that it was not.
    if (sha256 !== staged.sha256) throw new Error('a spooled output changed');
  };
  const putLog = async (): Promise<ArtifactHandle | undefined> => {
    if (log === undefined) return undefined;
    const meta = {
      kind: 'transcript',
      mime: 'text/plain',
      layer: 'log',
      created_by: creator,
      retention_ttl_days: 30,
    } as const;
    return powers.store.put(new TextEncoder().encode(log), meta);
  };
  const [logsRef] = await Promise.all([putLog(), ...wanted.map(putOne)]);
  return { ...ending, logsRef };
}

/** `created_by` of everything an operation leaves. */
export function describeCreator(planned: Planned, grant: Grant, config: string) {
  const { operation } = planned;
  return {
    op_id: grant.opId,
    engine_id: grant.manifest.engine_id,
    engine_version: grant.manifest.engine_version,
    operation: operation.operation,
    implementation: grant.implementation.id,
    config_hash: config,
    input_hashes: operation.inputs.flatMap((input) => ('sha256' in input ? [input.sha256] : [])),
    determinism: operation.determinism,
  };
}

function logText(run: EngineRun): string | undefined {
  const { reply } = run;
  if (reply === undefined || reply.log.length === 0) return undefined;
  const dropped = reply.log_dropped > 0 ? [`(${reply.log_dropped} more lines were dropped)`] : [];
  return `${[...reply.log, ...dropped].join('\n')}\n`;
}
