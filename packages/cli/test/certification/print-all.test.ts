import { describe, expect, it } from 'vitest';
import type { Certification } from '../../src/certification/certify-engine.ts';
import { printBrief, printTotal } from '../../src/certification/print-all.ts';
import { type Piece, renderLine } from '../../src/output/style.ts';
import { Terminal } from '../../src/output/terminal.ts';

/** Keeps what it is told. */
class Heard extends Terminal {
  readonly lines: string[] = [];

  constructor() {
    super({ format: 'text', stdoutIsTerminal: false, stderrIsTerminal: false, plain: true });
  }

  override line(...pieces: readonly Piece[]): void {
    this.lines.push(renderLine(pieces, false));
  }
}

const failure = {
  id: 'DET-001',
  area: 'determinism',
  clause: '§6',
  title: 'Alike',
  status: 'failed',
  findings: [{ what: 'It differs.', where: {}, remedy: 'Make it alike.' }],
  more_findings: 0,
};

/** As much of a certification as a person is shown. */
function certification(name: string, isCertified: boolean): Certification {
  const report = {
    engine: { engine_id: name, engine_version: '1.0.0', bundle_sha256: 'a'.repeat(64) },
    harness: { version: '0.1.0' },
    contract_version: 'mex-1.0',
    tiers: [
      { name: 'thread', state: 'tested' },
      { name: 'process', state: 'unavailable', reason: 'no bubblewrap' },
    ],
    operations: 7,
    duration_ms: 2_000,
    counts: { passed: 40, failed: isCertified ? 0 : 1, expected_failure: 0, skipped: 0, not_applicable: 7 },
    cases: isCertified ? [] : [failure],
  };
  const standing = { state: 'valid', expiresAt: Date.UTC(2027, 0, 31) };
  return { report, certificate: isCertified ? { standing } : undefined } as never;
}

const invocation = { options: new Map() } as never;
const shown = (print: (terminal: Terminal) => void): string => {
  const terminal = new Heard();
  print(terminal);
  return terminal.lines.join('\n');
};

describe('[§16] mex certify --all', () => {
  it('is a line for an engine that passed, and everything about one that did not', () => {
    const good = shown((terminal) => printBrief(terminal, certification('engine.good', true)));
    expect(good).toBe('✓ engine.good 1.0.0  40 passed, 7 not applicable  thread  2.0 s');
    const bad = shown((terminal) => printBrief(terminal, certification('engine.bad', false)));
    for (const part of ['DET-001', 'It differs.', 'Make it alike.', 'Not certified.']) expect(bad).toContain(part);
  });

  it('ends with how many, until when, what was not tested, and what to do next', () => {
    const done = [certification('engine.good', true)];
    const total = (engines: number): string =>
      shown((terminal) => printTotal(terminal, invocation, { home: '/home/mex', done, engines }));
    expect(total(1)).toContain('1 of 1 engines certified until 2027-01-31');
    expect(total(1)).toContain('not tested: process (no bubblewrap)');
    expect(total(1)).toContain('"allow_uncertified_engines": false in /home/mex/policy.json');
    // With one that could not be run, to demand certificates is no advice.
    expect(total(2)).toContain('1 of 2 engines certified');
    expect(total(2)).not.toContain('allow_uncertified_engines');
  });
});
