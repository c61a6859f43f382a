import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineResult, FlightEvent, Problem } from '@mex/envelope';
import { DEFAULT_POLICY, type Host, openHost, type Policy } from '@mex/host';
import { engine } from '@mex-example/hostile';
import { ATTEMPTS, type Attempt, type Stopper } from './attempts.ts';
import type { Outside } from './outside.ts';

export type TierName = 'thread' | 'process';

const ENGINE_ID = engine.manifest.engine_id;
const CALLER = { id: 'app:demo', kind: 'human' } as const;
const TOKEN = 'demo-token';

/** What became of one attempt, as the result, the log, the Problems and the world outside tell it. */
export interface Finding {
  readonly attempt: Attempt;
  readonly status: EngineResult['status'];
  readonly code: string;
  readonly message: string;
  /** Who ended it, read from the record; `nobody` when it succeeded. */
  readonly stoppedBy: Stopper | 'nobody' | 'something else';
  /** Subjects, or types, of its events, in order. */
  readonly events: readonly string[];
  /** Its Problems, what an operator sees: each names the engine and the operation. */
  readonly problems: readonly Problem[];
  /** What reached the outside. Empty: nothing did. */
  readonly damage: readonly string[];
  /** The operation after it ran in the same engine, and found nothing of it. */
  readonly nextIsClean: boolean;
  /** Ended as it has to, with nothing outside and an operator who can see it. */
  readonly stopped: boolean;
}

export interface TierRun {
  readonly tier: TierName;
  /** Why nothing was tried: the tier is denied on this machine. */
  readonly unavailable?: string;
  readonly findings: readonly Finding[];
  readonly logVerifies: boolean;
  /** What lies in the home and must not. */
  readonly left: readonly string[];
  /** Everything was stopped, and the host is well. */
  readonly held: boolean;
}

/** Makes all twelve attempts through a host of its own, in one tier. */
export async function runTier(tier: TierName, outside: Outside): Promise<TierRun> {
  const home = mkdtempSync(join(tmpdir(), 'mex-hostile-home-'));
  const host = await openHost({
    home,
    engines: [engine],
    policy: policyFor(tier),
    caller: CALLER,
    secrets: { value: (id) => Promise.resolve(id === TOKEN ? outside.secret : undefined) },
  });
  let closed = false;
  try {
    const unavailable = await findRefusal(host);
    if (unavailable !== undefined) {
      return { tier, unavailable, findings: [], logVerifies: true, left: [], held: true };
    }
    await host.consents.allow({ actorId: CALLER.id, capabilityId: `secrets.use:${TOKEN}` }, CALLER);
    const findings: Finding[] = [];
    for (const attempt of ATTEMPTS) findings.push(await make(attempt, host, outside));
    const { ok: logVerifies } = await host.recorder.verify();
    await host.close();
    closed = true;
    const left = outside.searchHome(home);
    const held = findings.every((finding) => finding.stopped) && logVerifies && left.length === 0;
    return { tier, findings, logVerifies, left, held };
  } finally {
    if (!closed) await host.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Grants what the operations declare, but names neither the tool nor the host they ask for: that is for the broker to notice. */
function policyFor(tier: TierName): Policy {
  return {
    ...DEFAULT_POLICY,
    defaultProfile: 'Demo',
    profiles: { Demo: ['fs.write:artifacts', 'proc.exec:curl', `secrets.use:${TOKEN}`] },
    tiers: { engines: {}, trusted: tier, untrusted: tier },
    tools: { cat: {} },
    readableSecrets: { [ENGINE_ID]: [TOKEN] },
  };
}

/** A tier that does not hold on this machine is a denial of every operation. */
async function findRefusal(host: Host): Promise<string | undefined> {
  const { errors } = await host.execute(host.plan({ engineId: ENGINE_ID, operation: 'hostile.honest' }));
  const refusal = errors.find(({ code }) => code === 'SANDBOX_TIER_UNAVAILABLE');
  return refusal && `${refusal.message} ${refusal.remedy ?? ''}`;
}

async function make(attempt: Attempt, host: Host, outside: Outside): Promise<Finding> {
  outside.reset();
  const { operation, params, budget } = attempt;
  const planned = host.plan({ engineId: ENGINE_ID, operation, params: params(outside), ...(budget && { budget }) });
  const result = await host.execute(planned);
  const next = await host.execute(host.plan({ engineId: ENGINE_ID, operation: 'hostile.honest' }));
  const events = host.recorder.list({ op: result.op_id, limit: 10_000 }).map(({ event }) => event);
  const problems = host.recorder.problems
    .list({ limit: 1_000 })
    .filter(({ evidence_refs }) => evidence_refs?.includes(result.op_id));
  const damage = outside.damage([JSON.stringify(result), JSON.stringify(events), JSON.stringify(problems)]);
  const [error] = result.errors;
  const stoppedBy = findStopper(result, events);
  const nextIsClean = next.status === 'succeeded' && next.summary?.['clean'] === true;
  return {
    attempt,
    status: result.status,
    code: error?.code ?? '',
    message: error?.message ?? '',
    stoppedBy,
    events: events.map(nameOf),
    problems,
    damage,
    nextIsClean,
    stopped:
      stoppedBy === attempt.stoppedBy &&
      error?.code === attempt.code &&
      damage.length === 0 &&
      nextIsClean &&
      problems.some(({ tool, title }) => tool === ENGINE_ID && title.includes(operation)),
  };
}

function nameOf(event: FlightEvent): string {
  return event.type === 'system' ? event.subject : event.type;
}

/** Read from what was recorded, not from what was expected. */
function findStopper({ status, errors }: EngineResult, events: readonly FlightEvent[]): Finding['stoppedBy'] {
  const [error] = errors;
  if (status === 'succeeded' || error === undefined) return 'nobody';
  if (error.gate === 'G-SECRETS') return 'gate G-SECRETS';
  if (error.code === 'BUDGET_EXCEEDED_WALL_TIME_MS') return 'host clock';
  if (error.code.startsWith('BUDGET_EXCEEDED_')) return 'budget';
  // The engine threw because what it reached for was not there.
  if (error.code === 'ENGINE_FAILED') return 'realm';
  if (error.code === 'CALL_LIMIT' || events.some((event) => nameOf(event) === 'broker.denied')) return 'broker';
  return 'something else';
}
