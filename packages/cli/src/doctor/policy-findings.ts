import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '@mex/host';
import { surveyTools } from '@mex/runtime';
import { type Finding, good, note, warning } from './finding.ts';
import type { PolicyState } from './policy-state.ts';

/** What the policy lets operations reach, and whether it is there. */
export async function policyFindings(state: PolicyState, home: string): Promise<Finding[]> {
  const { policy } = state;
  return [
    state.problem ?? good('policy', state.source),
    ...scopeFindings(policy),
    ...(await toolFindings(policy, home)),
    ...hostFindings(policy),
    ...secretFindings(policy, home),
  ];
}

function scopeFindings({ readScopes }: Policy): Finding[] {
  return Object.entries(readScopes).map(([name, path]) => {
    const what = `read_scopes ${name}`;
    const remedy = 'Make the directory, or take the scope out of policy.json: reading it is refused.';
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return warning(what, `${path} is not there.`, remedy);
    return stat.isDirectory() ? good(what, path) : warning(what, `${path} is no directory.`, remedy);
  });
}

async function toolFindings({ tools }: Policy, home: string): Promise<Finding[]> {
  if (Object.keys(tools).length === 0) return [];
  const surveyed = await surveyTools(tools, [home, process.cwd()]);
  return surveyed.map((tool) => {
    const what = `tools ${tool.name}`;
    if (!tool.found) return warning(what, `${tool.message} (${tool.code})`, tool.remedy ?? 'See mex help.');
    const files = tool.files.map(({ path, sha256 }) => `${path} sha256 ${sha256}`).join(', run by ');
    return good(what, `${files}${tool.pinned ? ', as the policy says' : '; the policy names no digest'}`);
  });
}

function hostFindings({ privateHosts }: Policy): Finding[] {
  if (privateHosts.length === 0) return [];
  return [
    warning(
      'private_hosts',
      `operations with a consent may reach these on your own network: ${privateHosts.join(', ')}`,
      'Take out what is not needed.',
    ),
  ];
}

/** A secret that others may read, or that is not there, is refused when it is asked for. */
function secretFindings({ readableSecrets }: Policy, home: string): Finding[] {
  return Object.entries(readableSecrets).flatMap(([engineId, ids]) =>
    ids.map((id) => {
      const path = join(home, 'secrets', id);
      const what = `secret ${id}`;
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined)
        return warning(what, `${engineId} may read it, and ${path} is not there.`, 'Keep it there.');
      const closed = stat.isFile() && (stat.mode & 0o077) === 0;
      if (!closed) return warning(what, `${path} may be read by others.`, `chmod 600 ${path}`);
      return note(what, `${engineId} sees its value`);
    }),
  );
}
