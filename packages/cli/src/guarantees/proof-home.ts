import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactHandle, Budget, EngineResult } from '@mex/envelope';
import { DEFAULT_POLICY, type Host, openHost, type Policy, systemCaller } from '@mex/host';
import { sandboxFiles } from '../sandbox-files.ts';
import type { Evidence } from './guarantee.ts';
import { PROOF_ENGINE, PROOF_SCOPE, PROOF_SECRET, PROOF_TOOL, writeProofEngines } from './proof-engine.ts';

export interface ProofRun {
  readonly engineId?: string;
  readonly text?: string;
  readonly capabilities?: readonly string[];
  readonly inputs?: readonly ArtifactHandle[];
  readonly budget?: Budget;
  readonly consents?: readonly string[];
}

/** A home that lasts as long as the checks, with the real host in it and engines that try what must be refused. */
export interface ProofHome {
  readonly host: Host;
  /** A directory for what the checks need; outside the home. */
  readonly dir: string;
  /** The value of the secret that is kept here. Made up, and new each time. */
  readonly secret: string;
  readonly run: (operation: string, request?: ProofRun) => Promise<EngineResult>;
  /** Consents for whoever calls, in this home only. */
  readonly allow: (capability: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** @param tiers of the policy that is in force here: what is checked runs where engines of this installation run */
export async function openProofHome(tiers: Policy['tiers']): Promise<ProofHome> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'mex-guarantees-')));
  try {
    return await open(root, tiers);
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
}

async function open(root: string, tiers: Policy['tiers']): Promise<ProofHome> {
  const [home, dir] = [join(root, 'home'), join(root, 'work')];
  for (const path of [join(home, 'secrets'), join(dir, PROOF_SCOPE)]) mkdirSync(path, { recursive: true });
  // Looks like a password and is none: random, and forgotten with this home.
  const secret = `proof-${crypto.randomUUID()}`;
  writeFileSync(join(home, 'secrets', PROOF_SECRET), secret, { mode: 0o600 });
  const tool = join(dir, PROOF_TOOL);
  writeFileSync(tool, `#!/bin/sh\necho ran > '${join(dir, 'tool-ran')}'\n`);
  chmodSync(tool, 0o755);
  const caller = systemCaller();
  const host = await openHost({
    home,
    engines: writeProofEngines(dir),
    policy: proofPolicy(dir, tool, tiers),
    caller,
    ...sandboxFiles(),
  });
  return {
    host,
    dir,
    secret,
    run: async (operation, request = {}) => {
      // What is checked has to happen: a result of before would say nothing about now.
      const result = await host.execute(planProof(host, operation, request), { cache: 'bypass' });
      if (result.provenance.cached_from !== undefined) throw new Error('a result of before was served');
      const [error] = result.errors;
      // Refused for want of a sandbox is not refused for the reason that is checked.
      if (error?.code === 'SANDBOX_TIER_UNAVAILABLE') throw new Error(error.message);
      return result;
    },
    allow: async (capabilityId) => {
      const { consent_id } = await host.consents.allow({ actorId: caller.id, capabilityId }, caller);
      return consent_id;
    },
    close: async () => {
      try {
        await host.close({ graceMs: 0 });
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    },
  };
}

function proofPolicy(dir: string, tool: string, tiers: Policy['tiers']): Policy {
  const axes = ['fs.read', 'fs.write:artifacts', 'net.http', 'proc.exec', 'secrets.use'];
  return {
    ...DEFAULT_POLICY,
    profiles: { Analyst: axes },
    tiers: { ...tiers, engines: {} },
    readScopes: { [PROOF_SCOPE]: join(dir, PROOF_SCOPE) },
    tools: { [PROOF_TOOL]: { path: tool } },
    readableSecrets: { [PROOF_ENGINE]: [PROOF_SECRET] },
  };
}

function planProof(host: Host, operation: string, request: ProofRun) {
  const { engineId = PROOF_ENGINE, text, capabilities, inputs, budget, consents } = request;
  return host.plan({
    engineId,
    operation,
    params: text === undefined ? {} : { text },
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(inputs === undefined ? {} : { inputs }),
    ...(budget === undefined ? {} : { budget }),
    // None, unless the check gave one: host.plan would fill them in.
    context: { consent_refs: [...(consents ?? [])] },
  });
}

/** What a result must say. @param code an error code, or `succeeded` */
export function expectResult(checked: string, how: string, result: EngineResult, code: string): Evidence {
  const [error] = result.errors;
  const seen = error?.code ?? result.status;
  const where = error?.gate === undefined ? '' : ` (${error.gate})`;
  return { checked, how, result: `${seen}${where}`, held: seen === code };
}
