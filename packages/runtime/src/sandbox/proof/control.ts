import { spawn } from 'node:child_process';
import { clipText } from '@mex/envelope';
import { JAIL_ATTEMPTS } from './jail-attempts.ts';
import { OutsideWitness, type ProofTarget } from './outside-witness.ts';
import { REALM_ATTEMPTS } from './realm-attempts.ts';

/** The same attempt where nothing stops it. */
export interface ControlAttempt {
  readonly name: string;
  /** It got through: that a tier stops it means something. */
  readonly worked: boolean;
  readonly detail: string;
}

/** What the attempts of a proof do in an ordinary process of this machine. */
export interface ProofControl {
  readonly jail: readonly ControlAttempt[];
  readonly realm: readonly ControlAttempt[];
  /** Why there is nothing to compare with, where there is not. */
  readonly failure?: string;
  readonly ms: number;
}

/**
 * Of what a jail must stop, what may be done to this machine: the rest would write into its directories, change its
 * user, need a native module or send a packet to the network.
 */
const HARMLESS: readonly string[] = [
  'read a file of the host',
  'read /etc/passwd',
  'see processes through /proc',
  'see directories of the host',
  'write a file of the host',
  'start another program',
  'start a shell',
  'signal the host',
  'read the environment',
  'keep a user id of the host',
  'connect to a port of the host',
  'connect to a socket of the host',
];

/** The engine of the realm's proof, run by Node itself with its target as the only argument. */
const PLAIN_REALM = `
const __mex_register__ = ({ operations }) => operations['proof.run'].run(undefined, JSON.parse(process.argv[1]))
  .then((found) => process.stdout.write(JSON.stringify(found), () => process.exit(0)));
${REALM_ATTEMPTS}`;

const PATIENCE_MS = 10_000;
const MAX_OUTPUT_CHARS = 65_536;

/**
 * Makes the attempts of `proveJail` and `proveRealm` without jail and realm, in child processes of this Node, on files and
 * ports of its own. What fails here too was not stopped by a tier. Never rejects.
 */
export async function runProofControl(): Promise<ProofControl> {
  const begun = performance.now();
  try {
    const jail = readJail(await withTarget((target) => runNode(JAIL_ATTEMPTS, { ...target, only: HARMLESS })));
    const realm = readRealm(await withTarget((target) => runNode(PLAIN_REALM, target)));
    return { jail, realm, ms: performance.now() - begun };
  } catch (error) {
    const failure = error instanceof Error ? error.message : 'unknown cause';
    return { jail: [], realm: [], failure, ms: performance.now() - begun };
  }
}

async function withTarget<T>(use: (target: ProofTarget) => Promise<T>): Promise<T> {
  const witness = await OutsideWitness.open();
  try {
    return await use(witness.target);
  } finally {
    witness.close();
  }
}

/** @throws Error when it ended with an error, or said nothing */
function runNode(script: string, argument: object): Promise<string> {
  const child = spawn(process.execPath, ['--no-warnings', '-e', script, JSON.stringify(argument)], {
    env: { MEX_PROOF: 'something to read' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (output.length < MAX_OUTPUT_CHARS) output += chunk.toString('utf8');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0 && output !== '') resolve(output);
      else reject(new Error(`an ordinary process ended with ${code ?? 'a signal'}`));
    });
  });
}

/** Our own scripts wrote both reports; their names are fixed. */
function readJail(said: string): ControlAttempt[] {
  const report: unknown = JSON.parse(said);
  return Object.entries(Object(report) as Record<string, unknown>).map(([name, value]) => {
    const [escaped, detail]: unknown[] = Array.isArray(value) ? value : [];
    return { name, worked: escaped === true, detail: clipText(String(detail), 80) };
  });
}

function readRealm(said: string): ControlAttempt[] {
  const list: unknown = Object(JSON.parse(said) as unknown).attempts;
  if (!Array.isArray(list)) throw new Error('an ordinary process told nothing');
  return list.map((entry: unknown) => {
    const { name, escaped, detail } = Object(entry) as Record<string, unknown>;
    return { name: clipText(String(name), 80), worked: escaped === true, detail: clipText(String(detail), 80) };
  });
}
