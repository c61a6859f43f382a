import { parseStrictJson } from '@mex/envelope';
import { describe, expect, it } from 'vitest';
import { engineReply } from '../../src/broker/call.ts';
import { CallError, callError } from '../../src/sandbox/call-error.ts';
import { summaryText, thrownText } from '../../src/sandbox/engine-reply.ts';
import { cut, EngineReport } from '../../src/sandbox/engine-report.ts';
import { PROTOCOL_LIMITS } from '../../src/sandbox/protocol.ts';

const PROBLEM = { code: 'TEST_NOTE', severity: 'warning', title: 'title', message: 'message' };

/** As the host reads it. @throws when the host would refuse it */
function read(report: EngineReport, outcome = '"ok":true,"summary":{}') {
  const text = `{${outcome},${report.toText()},"influences":[]}`;
  expect(text.length).toBeLessThanOrEqual(PROTOCOL_LIMITS.maxReplyChars);
  const value = parseStrictJson(text, { maxBytes: PROTOCOL_LIMITS.maxReplyChars * 3 });
  if (!engineReply.check(value)) throw new Error(JSON.stringify(engineReply.issues(value)).slice(0, 300));
  return value;
}

describe('what an engine says never costs it its result', () => {
  it('text that is cut inside a character', () => {
    const report = new EngineReport();
    report.log(`${'x'.repeat(PROTOCOL_LIMITS.maxLogLineChars - 1)}😀`);
    report.log('\ud83d');
    report.problem({ ...PROBLEM, title: `${'x'.repeat(510)}😀`, message: '\ude00' });
    const { log, problems } = read(report);
    expect(log.concat(problems[0]?.title ?? '').every((text) => text.isWellFormed())).toBe(true);
    expect(cut('ab😀', 3)).toBe('ab�…');
  });

  it('a problem with too much in it is clipped', () => {
    const report = new EngineReport();
    const locations = [{ path: 'p'.repeat(5_000), line: 1, other: 1 }, { path: 1 }, null, { path: 'q', line: -1 }];
    report.problem({ ...PROBLEM, title: 't'.repeat(9_000), message: 'm'.repeat(9_000), locations, more: true });
    const [problem] = read(report).problems;
    expect(problem?.title.length).toBe(512);
    expect(problem?.message.length).toBe(4_096);
    expect(problem?.locations).toEqual([{ path: `${'p'.repeat(4_095)}…`, line: 1 }, { path: 'q' }]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a number', 1],
    ['an empty object', {}],
    ['a code in small letters', { ...PROBLEM, code: 'no code' }],
    ['a code that ends in a joint', { ...PROBLEM, code: 'A_' }],
    ['a code with two joints', { ...PROBLEM, code: 'A__B' }],
    ['a code that begins with a digit', { ...PROBLEM, code: '1A' }],
    ['a severity that engines do not have', { ...PROBLEM, severity: 'fatal' }],
    ['a title that is no text', { ...PROBLEM, title: 1 }],
    [
      'too many long places',
      { ...PROBLEM, locations: Array.from({ length: 60 }, () => ({ path: 'p'.repeat(1_000) })) },
    ],
  ])('a problem that is none, or too large, is counted: %s', (_, problem) => {
    const report = new EngineReport();
    report.problem(problem);
    expect(read(report)).toMatchObject({ problems: [], problems_dropped: 1 });
  });

  it('more of everything than a reply holds is counted', () => {
    const report = new EngineReport();
    const locations = Array.from({ length: 64 }, (_, line) => ({ path: 'p', line, column: 1 }));
    for (let i = 0; i < 1_500; i += 1) {
      report.log('\u0001'.repeat(PROTOCOL_LIMITS.maxLogLineChars));
      report.problem({ ...PROBLEM, message: '\u0001'.repeat(600), locations });
    }
    const summary = JSON.stringify({ text: 'ü'.repeat(500_000) });
    const reply = read(report, `"ok":true,"summary":${summaryText(JSON.parse(summary))}`);
    expect(reply.log.length + reply.log_dropped).toBe(1_500);
    expect(reply.problems.length + reply.problems_dropped).toBe(1_500);
    expect(reply.problems.length).toBeGreaterThan(100);
  });
});

describe('a summary', () => {
  it.each([
    ['no object', [1]],
    ['half a character', { text: '\ud83d' }],
    ['too long', { text: 'x'.repeat(PROTOCOL_LIMITS.maxSummaryChars) }],
    ['too many members', Object.fromEntries(Array.from({ length: 50_001 }, (_, i) => [`k${i}`, 1]))],
  ])('with %s is SUMMARY_INVALID', (_, value) => {
    expect(() => summaryText(value)).toThrow(expect.objectContaining({ code: 'SUMMARY_INVALID' }));
  });
});

describe('an error', () => {
  const parse = (thrown: unknown): unknown => JSON.parse(thrownText(thrown));

  it('of MEX is known by its origin, and says what it said then', () => {
    const error = callError('ARTIFACT_DRIFT', 'changed');
    Object.assign(error, { code: 'ARTIFACT_CORRUPT', message: 'forged' });
    expect(parse(error)).toEqual({ code: 'ARTIFACT_DRIFT', message: 'changed', retryable: false, from_broker: true });
  });

  it.each([
    ['an object with the same code', { code: 'ARTIFACT_CORRUPT', message: 'm' }],
    ['one of the same class', new CallError('ARTIFACT_CORRUPT', 'm')],
    ['one that inherits from a real one', Object.create(callError('ARTIFACT_CORRUPT', 'm'))],
  ])('of an engine is not: %s', (_, thrown) => {
    expect(parse(thrown)).toMatchObject({ code: 'ARTIFACT_CORRUPT', from_broker: false });
  });
});
