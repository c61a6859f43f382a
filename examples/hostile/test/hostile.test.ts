import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ATTEMPTS } from '../src/attempts.ts';
import { runControl } from '../src/control.ts';
import { type Outside, openOutside } from '../src/outside.ts';
import { printTier } from '../src/print.ts';
import { type Finding, runTier, type TierRun } from '../src/run-attempts.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
let outside: Outside;

beforeAll(async () => {
  outside = await openOutside();
});
afterAll(() => outside.close());

it('tries twelve things, each once', () => {
  expect(ATTEMPTS).toHaveLength(12);
  expect(new Set(ATTEMPTS.map(({ operation }) => operation)).size).toBe(12);
});

it('[§9] without a sandbox, what it tries gets through: it is the sandbox that stops it', async () => {
  const control = await runControl(outside);
  expect([...control.entries()].filter(([, through]) => !through)).toEqual([]);
  expect(control.size).toBe(5);
});

describe.each(['thread', 'process'] as const)('tier %s', (tier) => {
  let tried: TierRun;
  beforeAll(async () => {
    tried = await runTier(tier, outside);
  }, 60_000);

  const findingOf = (operation: string): Finding | undefined =>
    tried.findings.find((finding) => finding.attempt.operation === operation);

  /** Nothing is tried in a tier that is denied here: then nothing is proven either, and that is said. */
  const demand = ({ skip }: { skip: (note: string) => void }): void => {
    if (tried.unavailable !== undefined) skip(`SKIPPED, NOT PROVEN: ${tried.unavailable}`);
  };

  it.for(ATTEMPTS)('[§9] $what: stopped by $stoppedBy, $code', ({ operation, code, stoppedBy }, context) => {
    demand(context);
    const finding = findingOf(operation);
    expect(finding).toMatchObject({ code, stoppedBy, damage: [], nextIsClean: true, stopped: true });
    expect(finding?.status).not.toBe('succeeded');
  });

  it.for(ATTEMPTS)(
    '[§1] $what: a result, events and a Problem that names engine and operation',
    ({ operation }, context) => {
      demand(context);
      const finding = findingOf(operation);
      expect(finding?.events).toEqual(
        expect.arrayContaining(['operation.checked', 'engine.run', 'tool_call', 'diagnostic']),
      );
      expect(finding?.problems.length).toBeGreaterThan(0);
      for (const problem of finding?.problems ?? []) {
        expect(problem).toMatchObject({ tool: 'engine.example.hostile', title: expect.stringContaining(operation) });
      }
    },
  );

  it('[§11] what the broker refuses and what the host ends are events of their own', (context) => {
    demand(context);
    const withEvent = (name: string): string[] =>
      tried.findings.filter(({ events }) => events.includes(name)).map(({ attempt }) => attempt.operation);
    expect(withEvent('broker.denied')).toEqual(
      expect.arrayContaining(['hostile.fetch', 'hostile.run_tool', 'hostile.write_undeclared']),
    );
    expect(withEvent('worker.killed')).toEqual(['hostile.spin', 'hostile.allocate']);
  });

  it('[§11] the host is well: the log verifies, and the home holds nothing that it must not', (context) => {
    demand(context);
    expect(tried).toMatchObject({ logVerifies: true, left: [], held: true });
  });
});

it('one attempt that is not stopped is told, and marked in the table', () => {
  const [attempt] = ATTEMPTS;
  if (attempt === undefined) throw new Error('there are attempts');
  const through: Finding = {
    attempt,
    status: 'succeeded',
    code: '',
    message: '',
    stoppedBy: 'nobody',
    events: [],
    problems: [],
    damage: ['1 connections arrived'],
    nextIsClean: true,
    stopped: false,
  };
  const lines = printTier({ tier: 'thread', findings: [through], logVerifies: true, left: [], held: false }, true);
  expect(lines.join('\n')).toMatch(/0 of 1 stopped[\s\S]*! read a file of the host {2}1 connections arrived/);
  expect(lines.join('\n')).toContain('SOMETHING GOT THROUGH.');
});

it('[§2] the example of the README runs as it stands', async () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1];
  const scratch = mkdtempSync(join(root, '.readme-'));
  try {
    writeFileSync(join(scratch, 'example.ts'), example ?? '');
    const { stdout } = await run(process.execPath, ['--conditions=@mex/source', join(scratch, 'example.ts')], {
      // Its home goes with the rest.
      env: { ...process.env, TMPDIR: scratch },
    });
    expect(stdout).toBe('failed ENGINE_FAILED\nfailed NETWORK_BLOCKED\n');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
