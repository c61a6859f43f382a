import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createProcessTier, createThreadTier, type Job, type SandboxTier } from '@mex/runtime';
import type { Case } from '../cases.ts';
import { BARE_TASK, openBarePiscina } from '../peers/bare-piscina.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { limitRow, type Row, ratioRow, type Target } from '../runner/row.ts';
import { quantile } from '../runner/statistics.ts';

const CALLS = 1_000;
const MIB = 1024 * 1024;
const FILE = new Uint8Array(4_096).fill(7);

/** An engine for the sandboxes alone: it does nothing, reads, spins, or misbehaves. */
const BUNDLE = `
const wait = () => new Promise(() => {});
__mex_register__({ operations: {
  'bench.nothing': { run: () => ({}) },
  'bench.read': { run: async (context, { count }) => { for (let i = 0; i < count; i += 1) await context.inputs[0].bytes(); return {}; } },
  'bench.spin': { run: () => { for (;;); } },
  'bench.throw': { run: () => { throw new Error('no'); } },
  'bench.stray': { run: () => { Promise.reject(new Error('stray')); setTimeout(() => {}, 1e6); return {}; } },
  'bench.flood': { run: async (context) => { for (let i = 0; i < 500; i += 1) void context.write('x', 'y').catch(() => {}); return {}; } },
  'bench.deep': { run: function deep() { return deep(); } },
  'bench.big': { run: () => { new Uint8Array(1e12); } },
  'bench.hang': { run: wait },
} });
`;

/** The tiers by themselves, without gates and record: what realm, jail and watching cost. */
export const sandboxes: Case = async () => {
  const rows: Row[] = [];
  for (const open of [() => createThreadTier({ maxThreads: 2 }), () => createProcessTier({ maxProcesses: 2 })]) {
    const tier = open();
    if (tier === undefined) continue;
    try {
      rows.push(...(await measure(tier, open)));
    } finally {
      await tier.close();
    }
  }
  return rows;
};

async function measure(tier: SandboxTier, open: () => SandboxTier | undefined): Promise<Row[]> {
  const piscina = openBarePiscina(1);
  const { name } = tier;
  try {
    const warm = await takeTurns(
      { tier: () => middleOf(() => run(tier)), bare: () => middleOf(() => piscina.run(BARE_TASK)) },
      { warmup: 2, rounds: 9 },
    );
    const cold = await takeTurns({ tier: () => coldStart(open), bare: coldPiscina }, { warmup: 1, rounds: 9 });
    const over = warm.tier.map((time, round) => time - (warm.bare[round] ?? Number.NaN));
    const compared = { peerName: 'piscina bare', figure: 'time' } as const;
    return [
      ratioRow({ promise: `${name}: warm call`, ...compared, ours: warm.tier, peer: warm.bare, unit: 'µs' }),
      limitRow(`${name}: warm call over bare`, over, 'µs', name === 'thread' ? atMost(30) : undefined),
      ratioRow({ promise: `${name}: cold start to reply`, ...compared, ours: cold.tier, peer: cold.bare, unit: 'ms' }),
      limitRow(`${name}: cold start`, cold.tier, 'ms', atMost(name === 'thread' ? 40 : 120)),
      limitRow(`${name}: a second engine`, await spareStarts(open), 'ms', name === 'thread' ? undefined : atMost(5)),
      limitRow(`${name}: 4 KiB from the broker`, await reads(tier), 'µs', atMost(100)),
      limitRow(`${name}: a spinning engine, ended after its deadline`, await lateness(tier), 'ms', atMost(50)),
      ...(await hostileThousand(tier)),
    ];
  } finally {
    await piscina.destroy();
  }
}

async function run(tier: SandboxTier, operation = 'bench.nothing', more: Partial<Job> = {}): Promise<void> {
  const outcome = await tier.run(makeJob(operation, more));
  if (outcome.kind !== 'replied') throw new Error(`the sandbox was ended: ${outcome.reason}: ${outcome.detail}`);
}

async function coldStart(open: () => SandboxTier | undefined): Promise<number> {
  const fresh = open();
  if (fresh === undefined) return Number.NaN;
  const took = await timed(() => run(fresh));
  await fresh.close();
  return took;
}

async function coldPiscina(): Promise<number> {
  const fresh = openBarePiscina(1);
  const took = await timed(() => fresh.run(BARE_TASK));
  await fresh.destroy();
  return took;
}

/** A tier that has run one engine, and has had time to make its spare. */
async function spareStarts(open: () => SandboxTier | undefined): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const fresh = open();
    if (fresh === undefined) return times;
    await run(fresh);
    await new Promise((resolve) => setTimeout(resolve, 400));
    const code = { engineId: 'engine.bench.other', sha256: 'other', text: BUNDLE };
    times.push(await timed(() => run(fresh, 'bench.nothing', { code })));
    await fresh.close();
  }
  return times;
}

async function reads(tier: SandboxTier): Promise<number[]> {
  const onCall: Job['onCall'] = async ({ text }) => {
    const { session: of, id } = Object(JSON.parse(text)) as { session: number; id: number };
    return { text: `{"session":${of},"id":${id},"ok":true}`, bytes: FILE.slice() };
  };
  const times: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const took = await timed(() => run(tier, 'bench.read', { onCall }));
    times.push((took * 1_000) / CALLS);
  }
  return times;
}

async function lateness(tier: SandboxTier): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const limits = { wall_time_ms: 150, cpu_time_ms: 60_000, memory_bytes: 128 * MIB };
    await run(tier);
    const took = await timed(() => tier.run(makeJob('bench.spin', { limits })));
    times.push(took - limits.wall_time_ms);
  }
  return times;
}

const MISCHIEF = ['throw', 'stray', 'flood', 'deep', 'big', 'hang', 'spin', 'nothing', 'throw', 'nothing'];

/** A thousand operations that misbehave, one after the other: what they leave in the host. */
async function hostileThousand(tier: SandboxTier): Promise<Row[]> {
  const round = async (count: number): Promise<void> => {
    const limits = { wall_time_ms: 25, cpu_time_ms: 1_000, memory_bytes: 64 * MIB };
    for (let index = 0; index < count; index += 1) {
      await tier.run(makeJob(`bench.${MISCHIEF[index % MISCHIEF.length] ?? 'nothing'}`, { limits }));
    }
  };
  await round(100);
  const before = standing();
  await round(1_000);
  const after = standing();
  return [
    limitRow(`${tier.name}: heap after 1,000 hostile operations`, [after.heap / before.heap], '×', atMost(1.1)),
    limitRow(`${tier.name}: open files after them`, [after.files / before.files], '×', atMost(1.1)),
  ];
}

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** What is alive, and open. */
function standing(): { heap: number; files: number } {
  if (typeof collect === 'function') for (let round = 0; round < 3; round += 1) collect();
  return { heap: process.memoryUsage().heapUsed, files: readdirSync('/proc/self/fd').length };
}

function atMost(value: number): Target {
  return { relation: '≤', value };
}

let session = 0;

function makeJob(operation: string, more: Partial<Job> = {}): Job {
  session += 1;
  return {
    opId: 'bench',
    session,
    tenant: 'bench',
    code: { engineId: 'engine.bench.sandbox', sha256: 'bench', text: BUNDLE },
    request: JSON.stringify({
      session,
      op_id: '00000000-0000-4000-8000-000000000001',
      operation,
      determinism: 'D3',
      now_ms: 0,
      seed: '0'.repeat(64),
      params: { count: CALLS },
      inputs: [{ sha256: '0', size: FILE.byteLength, mime: 'a/b', kind: 'file' }],
    }),
    limits: { wall_time_ms: 30_000, cpu_time_ms: 30_000, memory_bytes: 64 * MIB },
    onCall: refuse,
    signal: undefined,
    ...more,
  };
}

const refuse: Job['onCall'] = async ({ text }) => {
  const { session: of, id } = Object(JSON.parse(text)) as { session: number; id: number };
  return { text: `{"session":${of},"id":${id},"ok":false,"code":"X","message":"no"}` };
};

/** Microseconds of the middle call. */
async function middleOf(call: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let index = 0; index < CALLS; index += 1) samples.push((await timed(call)) * 1_000);
  return quantile(samples, 0.5);
}
