import { existsSync } from 'node:fs';
import { clipText } from '@mex/envelope';
import type { Jailed } from '../jail/launch.ts';
import { JAIL_ATTEMPTS } from './jail-attempts.ts';
import { OutsideWitness, type ProofTarget } from './outside-witness.ts';
import type { ProvenAttempt } from './proof.ts';

/** For a Node that starts, tries everything and ends. */
const PATIENCE_MS = 10_000;
const MAX_OUTPUT_CHARS = 65_536;

/** How many attempts a report from inside must have: a program that ends early proves nothing. */
const EXPECTED = 19;
/** What is looked at from outside afterwards. */
const SEEN_OUTSIDE = 3;

/**
 * Tries to get out of a jail with everything Node can do (CONTRACT §9). Believes only what both sides agree on: the
 * report from inside must be complete, and outside nothing may have happened.
 * @param launch starts Node in the jail with this script, and this one argument
 * @throws Error when the jail could not be started or told nothing
 */
export async function proveJail(launch: (script: string, argument: string) => Jailed): Promise<ProvenAttempt[]> {
  const witness = await OutsideWitness.open();
  try {
    const said = await listen(launch(JAIL_ATTEMPTS, JSON.stringify(witness.target)));
    const attempts = readReport(said);
    return [...attempts, ...seenOutside(said, witness)];
  } finally {
    witness.close();
  }
}

/** Whether `attempts` are as many as were made, seen from inside and outside, and none got out. */
export function hasHeld(attempts: readonly ProvenAttempt[]): boolean {
  return attempts.length >= EXPECTED + SEEN_OUTSIDE && attempts.every((attempt) => attempt.stopped);
}

async function listen(jailed: Jailed): Promise<string> {
  let output = '';
  let errors = '';
  jailed.stdout.on('data', (chunk: Buffer) => {
    if (output.length < MAX_OUTPUT_CHARS) output += chunk.toString('utf8');
  });
  jailed.stderr.on('data', (chunk: Buffer) => {
    if (errors.length < MAX_OUTPUT_CHARS) errors += chunk.toString('utf8');
  });
  const timer = setTimeout(jailed.kill, PATIENCE_MS);
  const { code } = await jailed.exited;
  clearTimeout(timer);
  if (code === 0 && output !== '') return output;
  const why = errors.trim().split('\n', 1)[0] ?? '';
  throw new Error(`the jail ended with ${code ?? 'a signal'}${why === '' ? '' : `: ${clipText(why, 300)}`}`);
}

function readReport(said: string): ProvenAttempt[] {
  // Our own script wrote it, and its names are fixed; what it says is checked against the outside.
  const report: unknown = JSON.parse(said);
  return Object.entries(Object(report) as Record<string, unknown>).map(([name, value]) => {
    const [escaped, detail]: unknown[] = Array.isArray(value) ? value : [true, 'no answer'];
    return { name, stopped: escaped === false, detail: clipText(String(detail), 80) };
  });
}

function seenOutside(said: string, witness: OutsideWitness): ProvenAttempt[] {
  const { target, canary, visitors } = witness;
  const wrote = (file: ProofTarget['newFile']): boolean => existsSync(file);
  return [
    { name: 'outside: a connection arrived', stopped: visitors === 0, detail: `${visitors} connections` },
    { name: 'outside: a file appeared', stopped: !wrote(target.newFile), detail: '' },
    { name: 'outside: content of the host came out', stopped: !said.includes(canary), detail: '' },
  ];
}
