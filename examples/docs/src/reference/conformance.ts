import { generated, stack, table } from './markdown.ts';
import { listNames, readText } from './read.ts';

const FOLDER = 'packages/conformance-harness';

/** Which engines a case says something about, by what it needs. */
const NEEDS: Readonly<Record<string, string>> = {
  'bound-vectors': 'whose manifest names its vectors',
  'bundle-inputs': 'that take directories',
  calls: 'that call the broker',
  capabilities: 'that declare a capability',
  consent: 'that need a consent',
  frozen: 'that promise D2 or D3',
  inputs: 'that take inputs',
  live: 'that promise D1 or D0',
  network: 'that use the network',
  outputs: 'that have outputs',
  package: 'handed in as a package',
  params: 'that have params',
  programs: 'that run programs',
  scopes: 'that read a scope of the host',
  secrets: 'that use secrets',
  'several-tiers': 'tested in several tiers',
};

interface Case {
  readonly id: string;
  readonly clause: string;
  readonly title: string;
  readonly applies: { readonly needs: readonly string[] };
  readonly builds_on: readonly string[];
  readonly remedy: string;
}

/** `conformance.md`: the cases of the suite by group, as their files have them. */
export function renderConformance(): string {
  const requirements: { harness_version: string; contract_version: string } = JSON.parse(
    readText(`${FOLDER}/requirements.json`),
  );
  const groups = listNames(`${FOLDER}/cases`).map((group) => ({ group, cases: readCases(group) }));
  const count = groups.reduce((sum, { cases }) => sum + cases.length, 0);
  return stack(
    generated(
      'Conformance cases',
      `the cases in \`${FOLDER}/cases\``,
      `What \`mex certify\` tries with an engine: ${count} cases of harness ${requirements.harness_version}, for contract ${requirements.contract_version}. A case that says nothing about an engine is _not applicable_; one that fails, or is skipped because a case it builds on has failed, and there is no certificate.`,
    ),
    groups.map(({ group, cases }) =>
      stack(
        `## ${group}`,
        table(
          ['case', 'what must hold', 'for engines', 'when it fails'],
          cases.map(({ id, title, clause, applies, remedy }) => [
            id,
            `${title} (${clause})`,
            applies.needs.map(needWords).join(', ') || 'all',
            remedy,
          ]),
        ),
      ),
    ),
  );
}

function readCases(group: string): Case[] {
  const cases = listNames(`${FOLDER}/cases/${group}`).map(
    (name): Case => JSON.parse(readText(`${FOLDER}/cases/${group}/${name}/case.json`)),
  );
  return cases.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function needWords(need: string): string {
  const words = NEEDS[need];
  if (words === undefined) throw new Error(`a case of the suite needs "${need}"; say what that is in conformance.ts`);
  return words;
}
