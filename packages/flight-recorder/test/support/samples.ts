import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlightEvent, ProblemReport } from '@mex/envelope';
import {
  createFileSigner,
  type FlightRecorder,
  openRecorder,
  type RecorderOptions,
  type Signer,
} from '@mex/flight-recorder';
import { afterEach } from 'vitest';

export const START = Date.parse('2026-01-02T03:04:05.678Z');
export const SYSTEM = { kind: 'system', id: 'test' } as const;

/** A UUID that is the same in every run. */
export function uuid(name: string | number): string {
  const h = createHash('sha256').update(`uuid ${name}`).digest('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20, 32)}`;
}

export function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export interface EventParts {
  readonly op?: number;
  readonly run?: number;
  readonly now?: number;
}

/** One event; `n` makes it different from the others. */
export function event(n: number, { op = n, run = 0, now = START + n }: EventParts = {}): FlightEvent {
  return {
    event_id: uuid(n),
    type: 'system',
    subject: 'host.stopped',
    timestamp: new Date(now).toISOString(),
    actor: { kind: 'agent', id: 'agent-1' },
    activity_span_id: uuid(`op ${op}`),
    session_span_id: uuid(`run ${run}`),
    body: { reason: `reason-${n}` },
  };
}

export function events(from: number, count: number): FlightEvent[] {
  return Array.from({ length: count }, (_, index) => event(from + index));
}

export function report(n: number, parts: Partial<ProblemReport> = {}): ProblemReport {
  return {
    title: `Problem ${n}`,
    message: `Something is wrong with ${n}.`,
    severity: 'warning',
    source: 'gates',
    surface: 'operation',
    code: 'BUDGET_EXCEEDED_WALL_TIME_MS',
    locations: [{ path: 'src/a.ts', range: { start: { line: n + 1 } } }],
    link_confidence: 'direct',
    ...parts,
  };
}

export const PROBLEM_BASE = { timestamp: new Date(START).toISOString(), actor: SYSTEM } as const;

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Runs after the test, latest first. */
export function onEnd(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'flight-'));
  onEnd(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export interface Place {
  readonly dir: string;
  readonly file: string;
  readonly signer: Signer;
}

export function place(): Place {
  const dir = tempDir();
  return { dir, file: join(dir, 'log.db'), signer: createFileSigner(dir) };
}

/** A recorder that is closed after the test. */
export function openAt(options: RecorderOptions): FlightRecorder {
  const recorder = openRecorder(options);
  onEnd(() => recorder.close());
  return recorder;
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<{ code?: unknown; message?: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Object ? error : {};
  }
  throw new Error('the promise was not rejected');
}
