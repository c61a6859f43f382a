import { resolve } from 'node:path';
import { chooseImplementation } from '@mex/host';
import type { RegisteredEngine } from '@mex/registry';
import type { Invocation } from './command.ts';
import { readPolicyState } from './doctor/policy-state.ts';
import { bold, dim, type Piece, red } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';

/** One way in which an engine's work can be done, and whether policy chooses it. */
interface ImplementationStanding {
  readonly id: string;
  readonly kind: 'builtin' | 'external';
  readonly tool: string | null;
  readonly determinism: string;
  /** Needed besides those of the operation. */
  readonly capabilities: readonly string[];
  readonly chosen: boolean;
}

/** Who can do an engine's work, and who does under the policy of this home (CONTRACT §10). */
export interface ImplementationStandings {
  readonly implementations: readonly ImplementationStanding[];
  /** The name that policy has for this engine; absent: its own implementation. */
  readonly named: string | null;
}

export async function implementationStandings(
  invocation: Invocation,
  { manifest }: RegisteredEngine,
): Promise<ImplementationStandings> {
  const { policy } = await readPolicyState(resolve(invocation.home));
  const named = chooseImplementation(policy, manifest.engine_id);
  const implementations = manifest.implementations.map(
    ({ id, kind, tool, determinism_ceiling: own, capabilities = [] }) => ({
      id,
      kind,
      tool: tool ?? null,
      determinism: own ?? (kind === 'external' ? 'D1' : manifest.determinism_ceiling),
      capabilities: tool === undefined ? capabilities : [`proc.exec:${tool}`, ...capabilities],
      chosen: id === (named ?? 'builtin'),
    }),
  );
  return { implementations, named: named ?? null };
}

/** Shows them; an engine that has none but its own, and of which policy says nothing, needs no words. */
export function printImplementations(terminal: Terminal, { implementations, named }: ImplementationStandings): void {
  if (implementations.length < 2 && named === null) return;
  terminal.line(bold('It works'), ' by one of these; policy chooses:');
  terminal.table(
    implementations.map(({ id, tool, determinism, capabilities, chosen }): Piece[] => [
      chosen ? bold(id) : id,
      tool === null ? 'built in' : `the tool ${tool}`,
      dim(determinism),
      dim(capabilities.join(', ')),
      chosen ? 'chosen' : '',
    ]),
    { indent: 2 },
  );
  if (!implementations.some(({ chosen }) => chosen))
    terminal.line(red(`  Policy names "${named ?? ''}", which is none of them: denied.`));
  terminal.line();
}
