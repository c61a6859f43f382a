import { randomUUID } from 'node:crypto';
import { BOUNDS, clipText, type FlightEvent, type ProblemReport } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import { REGISTRY_FILE, type Registry } from '@mex/registry';
import type { Caller } from '@mex/runtime';
import type { LoadedPolicy } from './policy.ts';

export const HOST_VERSION = '0.1.0';

/** What every event of a host itself carries. */
export function stampHost(caller: Caller) {
  return { event_id: randomUUID(), timestamp: new Date().toISOString(), actor: { kind: caller.kind, id: caller.id } };
}

/** A host that starts says with what; a broken registry entry becomes a Problem (CONTRACT §10). */
export async function recordStart(
  recorder: FlightRecorder,
  registry: Registry,
  policy: LoadedPolicy,
  caller: Caller,
): Promise<void> {
  const events: FlightEvent[] = [
    {
      ...stampHost(caller),
      type: 'system',
      subject: 'host.started',
      body: {
        host_version: HOST_VERSION,
        registry_sha256: registry.digest,
        policy_sha256: policy.sha256,
        development: policy.policy.allowUncertified,
      },
    },
  ];
  const problems: Promise<unknown>[] = [];
  for (const { engineId, error } of registry.disabled) {
    const body = { engine_id: clipText(engineId, BOUNDS.maxNameChars), code: error.code };
    events.push({ ...stampHost(caller), type: 'system', subject: 'registry.entry_disabled', body });
    // What an operator wants is no Problem of theirs.
    if (error.code === 'ENGINE_DISABLED') continue;
    const report: ProblemReport = {
      title: `Engine ${clipText(engineId, 200)} is disabled`,
      message: clipText(error.message, BOUNDS.maxMessageChars),
      severity: 'error',
      source: 'registry',
      surface: 'registry',
      tool: clipText(engineId, BOUNDS.maxNameChars),
      code: error.code,
      locations: [{ path: REGISTRY_FILE }],
      link_confidence: 'direct',
    };
    const { event_id: _unused, ...base } = stampHost(caller);
    problems.push(recorder.problems.report(report, base));
  }
  await Promise.all([recorder.append(events), ...problems]);
}
