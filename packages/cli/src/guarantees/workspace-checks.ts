import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ciCommands } from './ci-commands.ts';
import { surveyRefs } from './floating-refs.ts';
import type { Check, Evidence } from './guarantee.ts';
import { lockfileState } from './lockfile-state.ts';
import { expectResult, type ProofHome } from './proof-home.ts';

/** A: inputs are what their hashes say, and references to code are commits. */
export function pinnedInputs({ run, host, dir }: ProofHome, workspace: string): Check {
  return {
    id: 'A',
    title: 'inputs pinned',
    of: 'installation',
    run: async () => {
      const pinned = join(dir, 'pinned');
      mkdirSync(pinned);
      writeFileSync(join(pinned, 'a.txt'), 'as it was');
      const { handle } = await host.artifacts.pinDirectory(pinned, { meta: { created_by: {} } });
      const before = await run('proof.read', { inputs: [handle] });
      writeFileSync(join(pinned, 'a.txt'), 'as it is');
      const after = await run('proof.read', { inputs: [handle] });
      const forged = await run('proof.read', { inputs: [{ ...handle, sha256: '0'.repeat(64) }] });
      const how = 'a directory was pinned, read, changed and read again, live';
      return {
        evidence: [
          expectResult('a pinned directory can be read', how, before, 'succeeded'),
          expectResult('after a change it is refused', how, after, 'ARTIFACT_DRIFT'),
          expectResult('a handle with another hash is refused', 'the handle was changed', forged, 'INPUT_INTEGRITY'),
          floatingRefs(workspace),
        ],
      };
    },
  };
}

function floatingRefs(workspace: string): Evidence {
  const { files, refs, floating } = surveyRefs(workspace);
  const [first] = floating;
  return {
    checked: 'git refs of the workspace are 40-hex commits',
    how: files.length === 0 ? `${workspace} has no workflow and no manifest` : `read ${files.join(', ')}`,
    result:
      first === undefined
        ? `${refs} refs, all of them commits`
        : `POLICY_FLOATING_REF_DETECTED: ${floating.length} of ${refs}, first ${first.file}:${first.line} ${first.ref}`,
    held: first === undefined,
  };
}

/** C */
export function pinnedSupplyChain(workspace: string): Check {
  return {
    id: 'C',
    title: 'supply chain pinned: lockfile present and used',
    of: 'workspace',
    run: () => lockfileState(workspace),
  };
}

/** H */
export function sharedCommands(workspace: string): Check {
  return { id: 'H', title: 'CI runs the same commands as a person', of: 'workspace', run: () => ciCommands(workspace) };
}
