import { CAPABILITY_AXES, type EngineManifest, type PlannedOperation } from '@mex/envelope';
import { DEFAULT_POLICY, type Host, type HostOptions, type openHost, type Policy } from '@mex/host';
import type { Caller, SandboxTier, SecretSource } from '@mex/runtime';
import { type EngineUnderTest, handleOf } from '../engine-under-test.ts';
import type { CertifiedTier } from '../request.ts';
import { CallTap, type Interceptor } from './call-tap.ts';
import { ConsentDesk } from './consent-desk.ts';
import type { Observation } from './observation.ts';
import { REGULAR } from './people.ts';

/** What tiers were proven already. */
export type TierProofs = Map<string, ReturnType<NonNullable<SandboxTier['prove']>>>;

export interface LabHostOptions {
  readonly engine: EngineUnderTest;
  readonly tier: CertifiedTier;
  readonly home: string;
  readonly scopes: Policy['readScopes'];
  readonly tools: Policy['tools'];
  /** Id of the implementation that policy names. */
  readonly implementation: string | undefined;
  readonly stage: NonNullable<HostOptions['stage']>;
  readonly proofs: TierProofs;
  readonly open: typeof openHost;
  readonly files: Pick<HostOptions, 'threadEntry' | 'processProgram'>;
}

/** A real host in a home of its own, with a tap on its tiers. */
export class LabHost {
  readonly host: Host;
  readonly home: string;
  readonly desk: ConsentDesk;
  /** Values by id, as they are now. */
  secrets: Readonly<Record<string, string>> = {};
  private readonly tap: CallTap;

  private constructor(host: Host, tap: CallTap) {
    this.host = host;
    this.home = host.home;
    this.tap = tap;
    this.desk = new ConsentDesk(host);
  }

  static async open(options: LabHostOptions): Promise<LabHost> {
    const { engine, tier, home, stage, proofs, open, files } = options;
    const tap = new CallTap();
    const opened: { lab?: LabHost } = {};
    const secrets: SecretSource = {
      value: async (id) => {
        const values = opened.lab?.secrets ?? {};
        return Object.hasOwn(values, id) ? values[id] : undefined;
      },
    };
    const host = await open({
      ...files,
      home,
      engines: [handleOf(engine)],
      policy: labPolicy(engine.manifest, tier, options),
      caller: REGULAR,
      secrets,
      stage,
      wrapTier: (real) => tap.wrap(real, proofs),
    });
    opened.lab = new LabHost(host, tap);
    return opened.lab;
  }

  async execute(
    operation: PlannedOperation,
    caller: Caller,
    intercept?: Interceptor,
    signal?: AbortSignal,
  ): Promise<Observation> {
    const { host, tap } = this;
    const sighting = tap.watch(operation.op_id, intercept);
    const begun = performance.now();
    try {
      const result = await host.execute(operation, { caller, ...(signal === undefined ? {} : { signal }) });
      const ms = performance.now() - begun;
      const read = (handle: Parameters<Observation['read']>[0]): Promise<Uint8Array> => host.artifacts.get(handle);
      const events = () => host.recorder.list({ op: operation.op_id }).map(({ event }) => event);
      return { operation, result, sighting, ms, read, events };
    } finally {
      tap.forget(operation.op_id);
    }
  }

  close(): ReturnType<Host['close']> {
    return this.host.close({ graceMs: 0 });
  }
}

/** The vectors say what is there; whatever the engine declares may be granted. */
function labPolicy(
  manifest: EngineManifest,
  tier: CertifiedTier,
  { scopes, tools, implementation }: Pick<LabHostOptions, 'scopes' | 'tools' | 'implementation'>,
): Policy {
  const readable = Object.values(manifest.operations).flatMap(({ readable_secrets = [] }) => readable_secrets);
  return {
    ...DEFAULT_POLICY,
    allowUncertified: true,
    defaultProfile: 'Conformance',
    profiles: {
      Conformance: CAPABILITY_AXES.map(({ axis, scopes: fixed }) =>
        fixed === undefined ? axis : `${axis}:${fixed[0]}`,
      ),
    },
    tiers: { engines: {}, trusted: tier, untrusted: tier },
    readScopes: scopes,
    tools,
    ...(implementation === undefined ? {} : { implementations: { [manifest.engine_id]: implementation } }),
    readableSecrets: { [manifest.engine_id]: [...new Set(readable)] },
    // A result that was kept says nothing about an engine that runs again.
    resultCache: 'off',
    // What fails on purpose says nothing about the engine, and must not keep it from running.
    quota: { maxPerMinute: Number.MAX_SAFE_INTEGER, breakerThreshold: Number.MAX_SAFE_INTEGER },
  };
}
