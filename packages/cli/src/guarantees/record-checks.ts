import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestJson, sha256Hex } from '@mex/envelope/digest';
import { containsSecret, redact } from '@mex/guard';
import { type Check, type Evidence, runCheck } from './guarantee.ts';
import { PROOF_SECRET } from './proof-engine.ts';
import { expectResult, type ProofHome } from './proof-home.ts';

/** E: what is secret is masked; and what was not checked is no pass. */
export function secretHygiene({ run, allow, host, secret }: ProofHome): Check {
  return {
    id: 'E',
    title: 'secret hygiene, no false passes',
    of: 'installation',
    run: async () => {
      const consents = [await allow(`secrets.use:${PROOF_SECRET}`)];
      const leak = await run('proof.leak', { consents });
      const stored = await holdsSecret(host, secret);
      // Made up here, so that no scanner of this program's source finds it.
      const token = `gh${'p_'}${crypto.randomUUID().replaceAll('-', '').slice(0, 36).padEnd(36, 'A')}`;
      const masked = redact(`token ${token}`);
      const broken = await runCheck({
        id: '-',
        title: '-',
        of: 'installation',
        run: () => {
          throw new Error('on purpose');
        },
      });
      return {
        evidence: [
          expectResult(
            'a secret in an output is found',
            'G-SECRETS, live: an engine wrote one it was given',
            leak,
            'SECURITY_SECRET_LEAKED',
          ),
          {
            checked: 'that secret is neither in the log nor in the store',
            how: 'every event and artifact of the run',
            result: stored ? 'found' : 'absent',
            held: !stored,
          },
          {
            checked: 'the redactor masks',
            how: 'a made-up access token',
            result: masked.includes(token) ? 'shown' : 'masked',
            held: containsSecret(token) && !masked.includes(token),
          },
          {
            checked: 'a check that did not run is a failure',
            how: 'a check that breaks, in this command',
            result: broken.state.replace('_', ' '),
            held: broken.state === 'not_checked',
          },
        ],
      };
    },
  };
}

async function holdsSecret(host: ProofHome['host'], secret: string): Promise<boolean> {
  const events = JSON.stringify(host.recorder.list({ limit: 100_000 }).map(({ event }) => event));
  if (events.includes(secret)) return true;
  const { artifacts, unreadable } = await host.artifacts.list({ limit: 10_000 });
  if (unreadable.length > 0) throw new Error('an artifact of the proof home cannot be read');
  for (const { content_hash } of artifacts) {
    const bytes = await host.artifacts.get(content_hash);
    if (Buffer.from(bytes).includes(secret)) return true;
  }
  return false;
}

/** I: what an installation can show of it: the same work gives the same bytes, whatever the clock and chance say. */
export function frozenWork({ run, host }: ProofHome): Check {
  return {
    id: 'I',
    title: 'work is repeatable: seeded chance, frozen clock, any order',
    of: 'installation',
    run: async () => {
      const first = await run('proof.chance');
      await run('proof.flood', { budget: { output_bytes: 1_000_000 } });
      const second = await run('proof.chance');
      const [a, b] = [first, second].map(({ outputs }) => outputs[0]?.sha256);
      const seen = a === undefined ? '' : new TextDecoder().decode(await host.artifacts.get(a));
      return {
        evidence: [
          {
            checked: 'a D3 operation gives the same bytes, before and after other work',
            how: 'an engine that writes down time and chance, twice',
            result: a === undefined ? (first.errors[0]?.code ?? first.status) : a === b ? 'equal' : 'different',
            held: a !== undefined && a === b,
          },
          {
            checked: 'its clock stands still',
            how: 'what it wrote down',
            result: seen.slice(0, 60),
            held: seen.includes('2000-01-01T00:00:00.000Z'),
          },
        ],
        note: "The guarantee is about MEX's own tests, which are not part of an installation; they run in MEX's own checks. Here: what engines get of it.",
      };
    },
  };
}

/** K: every record says by which versions it was made. */
export function versionsInRecords({ run, host, dir }: ProofHome): Check {
  return {
    id: 'K',
    title: 'versions locked in every record',
    of: 'installation',
    run: async () => {
      mkdirSync(join(dir, 'versions'));
      writeFileSync(join(dir, 'versions', 'a.txt'), 'a');
      const { handle } = await host.artifacts.pinDirectory(join(dir, 'versions'), { meta: { created_by: {} } });
      const { provenance, schema_version, op_id } = await run('proof.read', { inputs: [handle] });
      const started = host.recorder.list({ type: 'system', subject: 'host.started', limit: 1, order: 'newest' })[0];
      const body =
        started?.event.type === 'system' && started.event.subject === 'host.started' ? started.event.body : undefined;
      const checked = host.recorder.list({ op: op_id, type: 'system', subject: 'operation.checked' })[0]?.event;
      const facts = checked?.type === 'system' && checked.subject === 'operation.checked' ? checked.body : undefined;
      const { manifest, bundle } = host.registry.resolve(provenance.engine_id).engine ?? {};
      const line = (what: string, result: string | undefined, expected = result): Evidence => ({
        checked: what,
        how: 'the record of an operation that ran just now',
        result: result ?? 'absent',
        held: result !== undefined && result === expected,
      });
      return {
        evidence: [
          line('contract', provenance.environment.contract_version),
          line('form of the result', schema_version),
          line('contract of the engine', manifest?.contract_version),
          line('registry, by digest', body?.registry_sha256, host.registry.digest),
          // Computed here: what the host says of itself would agree with what it wrote.
          line('policy, by digest', body?.policy_sha256, digestJson(host.policy.policy)),
          line('engine', provenance.engine_version, manifest?.engine_version),
          line('code that ran, by digest', provenance.bundle_sha256, bundle && sha256Hex(readFileSync(pathOf(bundle)))),
          line('configuration, by digest', provenance.config_hash),
          line('facts the gates decided on, by digest', facts?.facts_sha256),
          line('grant, by digest', facts?.grant?.grant_sha256),
          line('runtime', provenance.environment.runtime_version),
        ],
      };
    },
  };
}

function pathOf({ location }: { readonly location: string | URL }): string {
  const text = String(location);
  return text.startsWith('file:') ? fileURLToPath(text) : text;
}
