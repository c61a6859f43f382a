import { describe, expect, it } from 'vitest';
import { Quota } from '../src/quota.ts';

const limits = { maxConcurrent: 2, maxPerMinute: 5, breakerThreshold: 3, breakerCooldownMs: 1_000 };
const ENGINE = 'engine.test.one';

describe('[§9] quota', () => {
  it('a place is taken by asking, and given back', () => {
    const quota = new Quota(limits);
    const first = quota.reserve('a', ENGINE, 0);
    const second = quota.reserve('a', ENGINE, 0);
    expect([first.refusal, second.refusal]).toEqual([undefined, undefined]);
    expect(quota.reserve('a', ENGINE, 0).refusal).toContain('2 operations running');
    expect(quota.reserve('b', ENGINE, 0).refusal).toContain(ENGINE);
    first.cancel();
    first.cancel();
    expect(quota.reserve('a', ENGINE, 0).refusal).toBeUndefined();
  });

  it('a rate is per minute, and invented engines do not give it back', () => {
    const quota = new Quota({ ...limits, maxConcurrent: 100 });
    for (let i = 0; i < 5; i += 1) quota.reserve('a', ENGINE, i).end('ok', i);
    for (let i = 0; i < 20_000; i += 1) quota.reserve(`x${i}`, undefined, 10).cancel();
    expect(quota.reserve('a', ENGINE, 20).refusal).toContain('in this minute');
    expect(quota.reserve('a', ENGINE, 60_001).refusal).toBeUndefined();
  });
});

describe('[§9] circuit breaker', () => {
  const fail = (quota: Quota, now: number): void => quota.reserve(`actor${now}`, ENGINE, now).end('fault', now);

  it('opens on consecutive faults, lets one probe through, closes when it succeeds', () => {
    const quota = new Quota({ ...limits, maxConcurrent: 100, maxPerMinute: 100 });
    for (let i = 0; i < 3; i += 1) fail(quota, i);
    expect(quota.reserve('a', ENGINE, 10).circuit).toBe('open');
    const probe = quota.reserve('a', ENGINE, 1_100);
    expect(probe.circuit).toBe('half-open');
    expect(quota.reserve('b', ENGINE, 1_100).circuit).toBe('open');
    probe.end('ok', 1_200);
    expect(quota.reserve('a', ENGINE, 1_201).circuit).toBe('closed');
  });

  it('a probe that fails opens it again; one that says nothing leaves it half-open', () => {
    const quota = new Quota({ ...limits, maxConcurrent: 100, maxPerMinute: 100 });
    for (let i = 0; i < 3; i += 1) fail(quota, i);
    quota.reserve('a', ENGINE, 1_100).end('fault', 1_100);
    expect(quota.reserve('a', ENGINE, 1_900).circuit).toBe('open');
    quota.reserve('a', ENGINE, 2_200).end('neutral', 2_200);
    expect(quota.reserve('a', ENGINE, 2_300).circuit).toBe('half-open');
  });

  it('what a planner causes says nothing about the engine, and what started before the circuit opened does not close it', () => {
    const quota = new Quota({ ...limits, maxConcurrent: 100, maxPerMinute: 100 });
    const early = quota.reserve('z', ENGINE, 0);
    for (let i = 0; i < 20; i += 1) quota.reserve('a', ENGINE, i).end('neutral', i);
    expect(quota.reserve('a', ENGINE, 30).circuit).toBe('closed');
    for (let i = 0; i < 3; i += 1) fail(quota, 40 + i);
    early.end('ok', 50);
    expect(quota.reserve('a', ENGINE, 60).circuit).toBe('open');
  });
});
