import { EVENT_SCHEMAS, type FlightEvent } from '@mex/envelope';
import { describe, expect, it } from 'vitest';
import { eventRow } from '../src/event-view.ts';
import { textOf } from '../src/output/style.ts';

const base = {
  event_id: '00000000-0000-4000-8000-000000000001',
  timestamp: '2026-11-21T10:00:00.000Z',
  actor: { kind: 'agent', id: 'app:planner' },
  activity_span_id: '00000000-0000-4000-8000-000000000002',
} as const;
const gov = {
  ...base,
  decision_id: '00000000-0000-4000-8000-000000000002',
  gate_type: 'CapabilityUse',
  target_ref: 'operation@sha256:x',
  automation_level: 'FULL_HUMAN',
};
const cloud = {
  ...base,
  request_id: '00000000-0000-4000-8000-000000000002',
  reason: 'It does not know.',
  requested_model_id: 'model-1',
};
const words = (event: FlightEvent): string => eventRow(7, event).slice(4).map(textOf).join(' ').trim();

describe('[§12] the story of a decision reads in mex log list', () => {
  it.each<[FlightEvent, string]>([
    [
      { ...gov, type: 'gov_decision_created', rationale: 'Copies are looked at.' },
      'CapabilityUse at FULL_HUMAN, for app:planner: Copies are looked at.',
    ],
    [{ ...gov, type: 'gov_human_intervention_requested' }, 'ask a person decides CapabilityUse for app:planner'],
    [
      {
        ...gov,
        type: 'gov_human_intervention_received',
        decision: 'approve',
        user_id: 'os:ada',
        evidence_refs: ['scope:run'],
        rationale: 'fine',
      },
      'approve os:ada answers CapabilityUse run: fine',
    ],
    [
      { ...gov, type: 'gov_human_intervention_received', decision: 'reject', user_id: 'os:ada' },
      'reject os:ada answers CapabilityUse',
    ],
    [
      { ...gov, type: 'gov_auto_signature_created', decision: 'approve', automation_level: 'AUTONOMOUS' },
      'approve CapabilityUse signs itself at AUTONOMOUS',
    ],
    [{ ...gov, type: 'gov_decision_applied', evidence_refs: ['used-by:op-1'] }, 'use CapabilityUse by op-1'],
    [{ ...cloud, type: 'cloud_escalation_requested' }, 'ask app:planner wants model-1: It does not know.'],
    [
      { ...cloud, type: 'cloud_escalation_approved', consent_receipt_id: base.event_id },
      `approve one payload for model-1, receipt ${base.event_id}`,
    ],
    [{ ...cloud, type: 'cloud_escalation_denied', outcome: 'CLOUD_DISABLED' }, 'deny model-1: CLOUD_DISABLED'],
    [{ ...cloud, type: 'cloud_escalation_executed', outcome: 'succeeded' }, 'succeeded sent to model-1'],
    [
      {
        ...base,
        actor: { kind: 'human', id: 'os:ada' },
        type: 'system',
        subject: 'consent.granted',
        body: {
          consent_id: base.event_id,
          actor_id: 'app:ci',
          capability_id: 'net.http:api.example',
          valid_until: '2026-11-22T10:00:00.000Z',
          record_sha256: 'a'.repeat(64),
        },
      },
      'allow os:ada lets app:ci use net.http:api.example until 2026-11-22T10:00:00.000Z',
    ],
    [
      {
        ...base,
        actor: { kind: 'human', id: 'os:ada' },
        type: 'system',
        subject: 'consent.revoked',
        body: { consent_id: base.event_id },
      },
      `revoke os:ada takes consent ${base.event_id} back`,
    ],
  ])('%o', (event, expected) => {
    expect(words(event)).toBe(expected);
  });

  it('has words for every kind of decision and escalation', () => {
    const kinds = Object.keys(EVENT_SCHEMAS).filter((type) => /^(?:gov|cloud)_/.test(type));
    expect(kinds).toHaveLength(9);
  });
});
