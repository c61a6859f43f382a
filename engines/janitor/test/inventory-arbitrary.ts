import type { InventoryItem, RetentionDays } from '@mex/envelope/retention';
import fc from 'fast-check';

export const NOW = Date.parse('2026-11-21T10:00:00Z');
const DAY_MS = 86_400_000;

const id = fc.uuid({ version: 7 });
const hash = fc.constantFrom('a', 'b', 'c', 'd', 'e').map((digit) => digit.repeat(64));

/** Few values for each member, so that versions, copies and windows meet. */
const item: fc.Arbitrary<InventoryItem> = fc
  .record(
    {
      artifact_id: id,
      sha256: hash,
      size_bytes: fc.nat(1_000),
      layer: fc.constantFrom('raw', 'derived', 'evidence', 'log', 'cache'),
      kind: fc.constantFrom('file', 'report', 'transcript'),
      created_at: fc.integer({ min: -5, max: 60 }).map((days) => new Date(NOW - days * DAY_MS).toISOString()),
      name: fc.constantFrom('report.json', 'other.json'),
      engine_id: fc.constantFrom('engine.a', 'engine.b'),
      operation: fc.constant('a.run'),
      retention_ttl_days: fc.constantFrom(0, 7, 40),
      pinned: fc.boolean(),
      held_by: fc.constant('APPROVAL_OPEN'),
    },
    { requiredKeys: ['artifact_id', 'sha256', 'size_bytes', 'layer', 'kind', 'created_at'] },
  )
  // As a store has it: what is equal in content is equal in size.
  .map((made) => ({ ...made, size_bytes: made.sha256.charCodeAt(0) }));

export const inventoryItems = fc.uniqueArray(item, { selector: ({ artifact_id }) => artifact_id, maxLength: 40 });

export const retention: fc.Arbitrary<RetentionDays> = fc.record(
  { log: fc.nat(40), cache: fc.nat(40), derived: fc.nat(40), report: fc.nat(40), evidence: fc.nat(40) },
  { requiredKeys: [] },
);
