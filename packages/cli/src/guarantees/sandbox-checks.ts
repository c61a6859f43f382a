import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Check, Evidence } from './guarantee.ts';
import { FAILING_ENGINE, PROOF_SCOPE, PROOF_TOOL } from './proof-engine.ts';
import { expectResult, type ProofHome } from './proof-home.ts';

/** B: nothing an engine names leads out of what it was given. */
export function hermeticPaths({ run, host, dir }: ProofHome): Check {
  return {
    id: 'B',
    title: 'hermetic paths',
    of: 'installation',
    run: async () => {
      writeFileSync(join(dir, 'outside.txt'), 'outside');
      symlinkSync(join(dir, 'outside.txt'), join(dir, PROOF_SCOPE, 'link.txt'));
      const up = await run('proof.path', { text: '../outside.txt' });
      const link = await run('proof.path', { text: 'link.txt' });
      const how = 'the proof engine asked the broker for it, live';
      return {
        evidence: [
          expectResult('a path with .. is refused', how, up, 'POLICY_PATH_ESCAPE'),
          expectResult('a symbolic link out of a scope is not followed', how, link, 'SCOPE_NOT_A_FILE'),
          await materializeThroughLink(host, dir),
        ],
      };
    },
  };
}

async function materializeThroughLink(host: ProofHome['host'], dir: string): Promise<Evidence> {
  const checked = 'an artifact is not copied out through a symbolic link';
  const how = 'materialised below a root, through a link in it, live';
  mkdirSync(join(dir, 'elsewhere'));
  symlinkSync(join(dir, 'elsewhere'), join(dir, 'linked'));
  const meta = { kind: 'file', mime: 'text/plain', layer: 'raw', created_by: {} } as const;
  const handle = await host.artifacts.put(new TextEncoder().encode('x'), meta);
  const seen = await host.artifacts.materialize(handle, 'linked/x.txt', { root: dir }).then(
    () => 'written',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'refused'),
  );
  const held = seen !== 'written' && !existsSync(join(dir, 'elsewhere', 'x.txt'));
  return { checked, how, result: seen, held };
}

/** D: no consent, no network; and no private address even with one. */
export function networkAllowList({ run, allow }: ProofHome): Check {
  return {
    id: 'D',
    title: 'network egress allow list at run time',
    of: 'installation',
    run: async () => {
      let requests = 0;
      const server = createServer((_request, response) => {
        requests += 1;
        response.end();
      });
      const url = await listen(server);
      try {
        const host = new URL(url).host;
        const asked = await run('proof.fetch', { text: url, capabilities: [`net.http:${host}`, ARTIFACTS] });
        const unasked = await run('proof.fetch', { text: url, capabilities: [ARTIFACTS] });
        const consents = [await allow(`net.http:${host}`)];
        const granted = [`net.http:${host}`, ARTIFACTS];
        const inside = await run('proof.fetch', { text: url, capabilities: granted, consents });
        const other = await run('proof.fetch', { text: 'http://other.example/', capabilities: granted, consents });
        const how = 'the proof engine tried it through the real host';
        return {
          evidence: [
            expectResult('net.http without a consent is denied by the gates', how, asked, 'CAPABILITY_NEEDS_CONSENT'),
            expectResult('a call without a grant is denied by the broker', how, unasked, 'NETWORK_BLOCKED'),
            expectResult(
              'a private address that policy does not list is blocked',
              how,
              inside,
              'NETWORK_ADDRESS_BLOCKED',
            ),
            expectResult('a host beyond the consent is blocked', how, other, 'NETWORK_BLOCKED'),
            {
              checked: 'nothing of it reached the wire',
              how: 'a server on this machine counted',
              result: `${requests} requests`,
              held: requests === 0,
            },
          ],
        };
      } finally {
        server.close();
      }
    },
  };
}

const ARTIFACTS = 'fs.write:artifacts';

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address to listen at');
  return `http://localhost:${address.port}/`;
}

/** F: what is too much is ended, and what fails again and again is paused. */
export function budgetsAndBreakers({ run }: ProofHome): Check {
  return {
    id: 'F',
    title: 'budgets and circuit breakers',
    of: 'installation',
    run: async () => {
      const spin = await run('proof.spin', { budget: { wall_time_ms: 200 } });
      const flood = await run('proof.flood', { budget: { output_bytes: 1_000 } });
      const over = await run('proof.flood', { budget: { output_bytes: 1_000_000_000 } });
      const codes: string[] = [];
      // Failures in a row that open a circuit are a setting of the host; 50 are more than any sensible one.
      for (let at = 0; at < 50 && codes.at(-1) !== 'CIRCUIT_OPEN'; at += 1) {
        const { errors, status } = await run('proof.fail', { engineId: FAILING_ENGINE });
        codes.push(errors[0]?.code ?? status);
      }
      const how = 'the proof engine did it, live';
      return {
        evidence: [
          expectResult('a loop without end is ended', how, spin, 'BUDGET_EXCEEDED_WALL_TIME_MS'),
          expectResult('output beyond the budget is refused', how, flood, 'BUDGET_EXCEEDED_OUTPUT_BYTES'),
          expectResult('a budget beyond the ceiling is denied', how, over, 'BUDGET_OVER_CEILING'),
          {
            checked: 'an engine that fails again and again is paused',
            how: 'an engine that only fails, until it was paused',
            result: `${codes.at(-1) ?? 'nothing'} after ${codes.length - 1} failures`,
            held: codes.at(-1) === 'CIRCUIT_OPEN',
          },
        ],
      };
    },
  };
}

/** J: a program from a place that others may write is never started. */
export function noUntrustedExecution({ run, dir }: ProofHome): Check {
  return {
    id: 'J',
    title: 'no execution of untrusted code',
    of: 'installation',
    run: async () => {
      const capabilities = [`proc.exec:${PROOF_TOOL}`, ARTIFACTS];
      const refused = await run('proof.exec', { capabilities });
      const unasked = await run('proof.exec', { capabilities: [ARTIFACTS] });
      const ran = existsSync(join(dir, 'tool-ran'));
      const how = 'a program in a temporary directory that the policy named as a tool, live';
      return {
        evidence: [
          expectResult('a program in an untrusted place is not started', how, refused, 'SECURITY_UNTRUSTED_EXECUTION'),
          expectResult('without a grant no program is started', how, unasked, 'CAPABILITY_USED_WITHOUT_GRANT'),
          { checked: 'it left no trace', how: 'the file it would write', result: ran ? 'there' : 'absent', held: !ran },
        ],
      };
    },
  };
}
