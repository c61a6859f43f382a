import {
  type ApprovalScope,
  type AutomationLevel,
  DEFAULT_TABLE,
  type Decisions,
  decide,
  targetRef,
} from '@mex/governance';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADA, ask, BOB, createDesk, DAY, type Desk, EVE, sequence } from './desk.ts';
import { type Crash, Crashed } from './memory-store.ts';

/*
 * The protocol against a model that knows nothing of rows, events or digests: only who said what about which case.
 * Commands come in any order, twice, two at a time, from processes at different levels, and with a process that dies
 * before or after its write.
 */

const PEOPLE = [ADA, BOB, EVE];
const GATES = ['SpecApproval', 'ScopeChange', 'CloudEscalation'] as const;
const TARGETS = ['a', 'b'].map((digit) => targetRef('operation', digit.repeat(64)));
const LEVELS: readonly AutomationLevel[] = ['FULL_HUMAN', 'HYBRID', 'AUTONOMOUS', 'LOCKED'];

interface ModelCase {
  readonly gate: (typeof GATES)[number];
  readonly target: number;
  readonly confidence: number;
  readonly born: 'auto' | 'human' | 'halt';
  readonly needed: number;
  readonly expiresAt: number;
  readonly said: { who: string; verdict: 'approve' | 'reject'; scope: ApprovalScope }[];
  readonly uses: string[];
}

interface Model {
  readonly cases: ModelCase[];
}

interface Real extends Desk {
  readonly ids: string[];
}

function stateOf(one: ModelCase, now: number): string {
  if (one.born === 'halt') return 'halted';
  if (one.said.some(({ verdict }) => verdict === 'reject')) return 'rejected';
  if (one.expiresAt <= now) return 'expired';
  if (one.born === 'auto') return 'approved';
  return new Set(one.said.map(({ who }) => who)).size >= one.needed ? 'approved' : 'pending';
}

function isSingle(one: ModelCase): boolean {
  const scopes = one.said.filter(({ verdict }) => verdict === 'approve').map(({ scope }) => scope);
  return scopes.length === 0 || scopes.includes('once');
}

type Command = fc.AsyncCommand<Model, Real>;

/** Runs one step in a process that may die; answers whether its write reached the disk, and the code it ended with. */
async function attempt(real: Real, crash: Crash | undefined, step: () => Promise<unknown>): Promise<string> {
  real.store.crash = crash;
  try {
    await step();
    return 'ok';
  } catch (error) {
    if (error instanceof Crashed) return `crashed ${crash}`;
    return String(Object(error).code);
  } finally {
    real.store.crash = undefined;
  }
}

class Request implements Command {
  private readonly step: { gate: number; target: number; confidence: number; level: number; needed: number };
  private readonly crash: Crash | undefined;
  constructor(step: Request['step'], crash: Crash | undefined) {
    this.step = step;
    this.crash = crash;
  }
  check = (): boolean => true;
  async run(model: Model, real: Real): Promise<void> {
    const { gate, target, confidence, level, needed } = this.step;
    const gateType = GATES[gate] ?? 'SpecApproval';
    const at = LEVELS[level] ?? 'LOCKED';
    const request = ask({ gateType, targetRef: TARGETS[target] ?? '', confidence, approvals: needed });
    const before = new Set(real.store.rows.keys());
    const ended = await attempt(real, this.crash, () => real.open(at).request(request));
    const made = [...real.store.rows.keys()].filter((id) => !before.has(id));
    expect(made).toHaveLength(ended === 'crashed before' ? 0 : 1);
    for (const id of made) {
      real.ids.push(id);
      const born = decide(gateType, at, confidence, DEFAULT_TABLE).kind;
      model.cases.push({
        gate: gateType,
        target,
        confidence,
        born,
        needed,
        expiresAt: real.clock.now + DAY,
        said: [],
        uses: [],
      });
    }
  }
  toString = (): string => `request ${JSON.stringify(this.step)} ${this.crash ?? ''}`;
}

class AnswerIt implements Command {
  private readonly step: { which: number; who: number; no: boolean; scope: 'once' | 'operation'; twice: boolean };
  private readonly crash: Crash | undefined;
  constructor(step: AnswerIt['step'], crash: Crash | undefined) {
    this.step = step;
    this.crash = crash;
  }
  check = ({ cases }: Readonly<Model>): boolean => cases.length > 0;
  async run(model: Model, real: Real): Promise<void> {
    const { which, who, no, scope, twice } = this.step;
    const at = which % model.cases.length;
    const [one, id, person] = [model.cases[at], real.ids[at] ?? '', PEOPLE[who] ?? ADA];
    if (one === undefined) return;
    const verdict = no ? 'reject' : 'approve';
    const state = stateOf(one, real.clock.now);
    const repeated = one.said.some((said) => said.who === person.id && said.verdict === verdict);
    const taken = !repeated && (state === 'pending' || (state === 'approved' && no));
    const desk = real.open('FULL_HUMAN');
    const say = () => desk.answer(id, person, { verdict, scope });
    // The same answer twice at once, as from a double click.
    const ended = await attempt(real, this.crash, twice ? () => Promise.all([say(), say()]) : say);
    if (taken && this.crash === undefined) expect(ended).toBe('ok');
    if (!taken) expect(ended).toBe(repeated ? 'ok' : 'GOVERNANCE_CLOSED');
    const reached = this.crash !== 'before' || twice;
    if (taken && reached) one.said.push({ who: person.id, verdict, scope });
  }
  toString = (): string => `answer ${JSON.stringify(this.step)} ${this.crash ?? ''}`;
}

class Apply implements Command {
  private readonly step: { which: number; target: number; by: string[]; level: number };
  private readonly crash: Crash | undefined;
  constructor(step: Apply['step'], crash: Crash | undefined) {
    this.step = step;
    this.crash = crash;
  }
  check = ({ cases }: Readonly<Model>): boolean => cases.length > 0;
  async run(model: Model, real: Real): Promise<void> {
    const at = this.step.which % model.cases.length;
    const [one, id] = [model.cases[at], real.ids[at] ?? ''];
    if (one === undefined) return;
    const level = LEVELS[this.step.level] ?? 'LOCKED';
    const desk = real.open(level);
    const use = (usedBy: string) =>
      attempt(real, this.crash, () =>
        desk.apply(id, { gateType: one.gate, targetRef: TARGETS[this.step.target] ?? '', usedBy }),
      );
    // Several users at once, each a process of its own.
    const ended = await Promise.all(this.step.by.map(use));
    const refusal = this.refusal(one, level, real.clock.now);
    if (refusal !== undefined) {
      expect(ended).toEqual(this.step.by.map(() => refusal));
      return;
    }
    const uses = real.store.uses(id);
    for (const [index, user] of this.step.by.entries()) {
      if (ended[index] === 'ok') expect(uses).toContain(user);
      if (ended[index] === 'GOVERNANCE_REPLAYED') expect(uses).not.toContain(user);
    }
    if (isSingle(one)) expect(uses.length).toBeLessThanOrEqual(1);
    expect(uses.slice(0, one.uses.length)).toEqual(one.uses);
    one.uses.splice(0, one.uses.length, ...uses);
  }
  /** What the contract says has to be refused, whatever happened before. */
  private refusal(one: ModelCase, level: AutomationLevel, now: number): string | undefined {
    if (this.step.target !== one.target) return 'GOVERNANCE_BINDING_MISMATCH';
    const state = stateOf(one, now);
    if (level === 'LOCKED' || state === 'halted') return 'GOVERNANCE_LOCKED';
    if (state === 'expired') return 'GOVERNANCE_STALE';
    if (state !== 'approved') return 'GOVERNANCE_NOT_APPROVED';
    const stillAuto = one.born !== 'auto' || decide(one.gate, level, one.confidence, DEFAULT_TABLE).kind === 'auto';
    return stillAuto ? undefined : 'GOVERNANCE_STALE';
  }
  toString = (): string => `apply ${JSON.stringify(this.step)} ${this.crash ?? ''}`;
}

class Wait implements Command {
  private readonly hours: number;
  constructor(hours: number) {
    this.hours = hours;
  }
  check = (): boolean => true;
  async run(_model: Model, real: Real): Promise<void> {
    real.clock.now += this.hours * 3_600_000;
  }
  toString = (): string => `wait ${this.hours} h`;
}

/** What holds after every history. */
function verifyHistory(model: Model, real: Real, desk: Decisions): void {
  model.cases.forEach((one, at) => {
    const id = real.ids[at] ?? '';
    expect(desk.view(id).state).toBe(stateOf(one, real.clock.now));
    // A person may take back what was approved, also after a use.
    expect(sequence(real.store, id)).toMatch(/^001( 003( 002| 005)*| 004( 005)*( 002| 005)*)?$/);
    const events = real.store.events(id);
    const firstUse = events.findIndex(({ type }) => type === 'gov_decision_applied');
    if (firstUse < 0) return;
    if (one.gate === 'CloudEscalation') expect(one.born).toBe('human');
    const yes = events
      .slice(0, firstUse)
      .flatMap((event) =>
        event.type === 'gov_human_intervention_received' && event.decision === 'approve' ? [event.user_id] : [],
      );
    if (one.born === 'human') expect(new Set(yes).size).toBeGreaterThanOrEqual(one.needed);
  });
}

const crash = fc.option(fc.constantFrom<Crash>('before', 'after'), { nil: undefined, freq: 5 });
const which = fc.nat({ max: 50 });
const commands = fc.commands(
  [
    fc
      .tuple(
        fc.record({
          gate: fc.nat({ max: 2 }),
          target: fc.nat({ max: 1 }),
          confidence: fc.constantFrom(0, 0.79, 0.8, 0.95, 1),
          level: fc.nat({ max: 3 }),
          needed: fc.integer({ min: 1, max: 3 }),
        }),
        crash,
      )
      .map(([step, dies]) => new Request(step, dies)),
    fc
      .tuple(
        fc.record({
          which,
          who: fc.nat({ max: 2 }),
          no: fc.constant(false),
          scope: fc.constantFrom('once' as const, 'operation' as const),
          twice: fc.boolean(),
        }),
        crash,
      )
      .map(([step, dies]) => new AnswerIt(step, dies)),
    fc
      .tuple(
        fc.record({
          which,
          who: fc.nat({ max: 2 }),
          no: fc.constant(true),
          scope: fc.constant('once' as const),
          twice: fc.boolean(),
        }),
        crash,
      )
      .map(([step, dies]) => new AnswerIt(step, dies)),
    fc
      .tuple(
        fc.record({
          which,
          target: fc.nat({ max: 1 }),
          by: fc.array(fc.constantFrom('op-1', 'op-2', 'op-3'), { minLength: 1, maxLength: 3 }),
          level: fc.nat({ max: 3 }),
        }),
        crash,
      )
      .map(([step, dies]) => new Apply(step, dies)),
    fc.constantFrom(1, 13, 25).map((hours) => new Wait(hours)),
  ],
  { maxCommands: 60 },
);

describe('[§12] the approval protocol', () => {
  it('does what the model says under reordering, duplication and crash', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (history) => {
        const model: Model = { cases: [] };
        const real: Real = { ...createDesk(), ids: [] };
        await fc.asyncModelRun(() => ({ model, real }), history);
        verifyHistory(model, real, real.open('FULL_HUMAN'));
      }),
      { seed: 20261121, numRuns: 400 },
    );
  });
});
