import {
  type AutomationLevel,
  CONTRACT_TABLE,
  checkDecisionTable,
  DEFAULT_TABLE,
  type DecisionRule,
  type DecisionTable,
  decide,
  parseAutomationLevel,
} from '@mex/governance';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SEED = { seed: 20261121, numRuns: 500 };
const LEVELS: readonly AutomationLevel[] = ['FULL_HUMAN', 'HYBRID', 'AUTONOMOUS', 'LOCKED'];
const level = fc.constantFrom(...LEVELS);
const confidence = fc.double({ min: 0, max: 1, noNaN: true });
const rule: fc.Arbitrary<DecisionRule> = fc.oneof(
  fc.constantFrom<DecisionRule>('human', 'auto'),
  confidence.map((auto_at) => ({ auto_at })),
);
/** Also tables that no policy door would let in. */
const anyTable: fc.Arbitrary<DecisionTable> = fc.dictionary(
  fc.constantFrom(...Object.keys(DEFAULT_TABLE), 'Own', 'constructor'),
  fc.record({ FULL_HUMAN: rule, HYBRID: rule, AUTONOMOUS: rule }),
);

/** The table of CONTRACT §12, written down again by hand: from which confidence a model decides. */
const AUTO_FROM: Readonly<Record<string, readonly [number | undefined, number | undefined]>> = {
  SpecApproval: [0.8, 0],
  RefinementSign: [0.9, 0],
  ScopeChange: [undefined, 0.95],
  CloudEscalation: [undefined, undefined],
  PolicyViolation: [undefined, undefined],
};

describe('[§12] the decision table', () => {
  it('[T-GOV-001] the automation level gates approval: every level × gate type × confidence', () => {
    for (const [gate, [hybrid, autonomous]] of Object.entries(AUTO_FROM)) {
      for (let step = 0; step <= 1_000; step += 1) {
        const sure = step / 1_000;
        const auto = (from: number | undefined) => (from !== undefined && sure >= from ? 'auto' : 'human');
        expect(decide(gate, 'FULL_HUMAN', sure, DEFAULT_TABLE).kind).toBe('human');
        expect(decide(gate, 'HYBRID', sure, DEFAULT_TABLE).kind).toBe(auto(hybrid));
        expect(decide(gate, 'AUTONOMOUS', sure, DEFAULT_TABLE).kind).toBe(auto(autonomous));
        expect(decide(gate, 'LOCKED', sure, DEFAULT_TABLE).kind).toBe('halt');
      }
    }
  });

  it('LOCKED never asks and never passes, whatever the table', () => {
    fc.assert(
      fc.property(anyTable, confidence, (table, sure) => {
        for (const gate of Object.keys(table)) expect(decide(gate, 'LOCKED', sure, table).kind).toBe('halt');
      }),
      SEED,
    );
    expect(decide('CloudEscalation', 'LOCKED', 1, DEFAULT_TABLE)).toMatchObject({ verdict: 'reject' });
    expect(decide('SpecApproval', 'LOCKED', 1, DEFAULT_TABLE)).toMatchObject({ verdict: 'defer' });
  });

  it('[T-GOV-004] cloud escalation, and a policy violation, is never automatic, whatever the table', () => {
    fc.assert(
      fc.property(anyTable, level, confidence, (table, at, sure) => {
        for (const gate of ['CloudEscalation', 'PolicyViolation']) {
          if (Object.hasOwn(table, gate)) expect(decide(gate, at, sure, table).kind).not.toBe('auto');
        }
      }),
      SEED,
    );
  });

  it('FULL_HUMAN leaves everything to people, whatever the table', () => {
    fc.assert(
      fc.property(anyTable, confidence, (table, sure) => {
        for (const gate of Object.keys(table)) expect(decide(gate, 'FULL_HUMAN', sure, table).kind).toBe('human');
      }),
      SEED,
    );
  });

  it('more confidence never turns automatic into human', () => {
    fc.assert(
      fc.property(anyTable, level, confidence, confidence, (table, at, one, two) => {
        for (const gate of Object.keys(table)) {
          const low = decide(gate, at, Math.min(one, two), table).kind;
          if (low === 'auto') expect(decide(gate, at, Math.max(one, two), table).kind).toBe('auto');
        }
      }),
      SEED,
    );
  });

  it('a table that passes the check is never looser than the contract', () => {
    fc.assert(
      fc.property(anyTable, level, confidence, (table, at, sure) => {
        if (checkDecisionTable(table).length > 0) return;
        for (const gate of Object.keys(table).filter((name) => Object.hasOwn(CONTRACT_TABLE, name))) {
          if (decide(gate, at, sure, table).kind === 'auto') {
            expect(decide(gate, at, sure, CONTRACT_TABLE).kind).toBe('auto');
          }
        }
      }),
      SEED,
    );
    expect(checkDecisionTable(DEFAULT_TABLE)).toEqual([]);
  });

  it.each([
    [{ SpecApproval: { FULL_HUMAN: 'human', HYBRID: { auto_at: 0.5 }, AUTONOMOUS: 'auto' } }, 'SpecApproval at HYBRID'],
    [{ CloudEscalation: { FULL_HUMAN: 'human', HYBRID: 'human', AUTONOMOUS: 'auto' } }, 'a person'],
    [{ Own: { FULL_HUMAN: 'auto', HYBRID: 'human', AUTONOMOUS: 'auto' } }, 'at this level'],
    [{ Own: { FULL_HUMAN: 'human', HYBRID: { auto_at: Number.NaN }, AUTONOMOUS: 'auto' } }, 'from 0 to 1'],
  ] as const)('%j is refused in words', (table, words) => {
    expect(checkDecisionTable(table).join(' ')).toContain(words);
  });

  it('[§2] unknown gate types and confidences that are none are refused', () => {
    for (const gate of ['Nothing', 'constructor', '__proto__', '']) {
      expect(() => decide(gate, 'AUTONOMOUS', 1, DEFAULT_TABLE)).toThrow(
        expect.objectContaining({ code: 'GOVERNANCE_GATE_UNKNOWN' }),
      );
    }
    for (const sure of [Number.NaN, -0.1, 1.1, Number.POSITIVE_INFINITY]) {
      expect(() => decide('SpecApproval', 'HYBRID', sure, DEFAULT_TABLE)).toThrow(
        expect.objectContaining({ code: 'GOVERNANCE_CONFIDENCE_INVALID' }),
      );
    }
  });
});

describe('[§12] automation levels', () => {
  it('ASSISTED and SUPERVISED are read as HYBRID', () => {
    expect([...LEVELS, 'ASSISTED', 'SUPERVISED'].map(parseAutomationLevel)).toEqual([...LEVELS, 'HYBRID', 'HYBRID']);
  });

  it.each(['hybrid', ' HYBRID', 'FULL', '', 'constructor', null, 7, ['HYBRID']])('%j is refused', (text) => {
    expect(() => parseAutomationLevel(text)).toThrow(expect.objectContaining({ code: 'GOVERNANCE_LEVEL_UNKNOWN' }));
  });
});
