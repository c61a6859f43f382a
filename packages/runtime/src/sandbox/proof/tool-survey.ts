import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MexError } from '@mex/envelope';
import type { ToolPolicies } from '../../broker/proc-exec/tool-policy.ts';
import { Toolbox } from '../../broker/proc-exec/toolbox.ts';

/** An external program of the policy, as an operation would find it now. */
export type ToolFinding =
  | {
      readonly name: string;
      readonly found: true;
      /** Absolute path on this machine, links resolved, of the tool and, for a script, of what runs it. */
      readonly files: readonly { readonly path: string; readonly sha256: string }[];
      /** Policy says which digest the file must have. */
      readonly pinned: boolean;
    }
  | {
      readonly name: string;
      readonly found: false;
      readonly code: string;
      readonly message: string;
      readonly remedy: string | undefined;
    };

/**
 * Resolves every tool as `proc.exec` does: path, owner, digest. Starts none.
 * @param untrustedRoots directories no program may come from, besides temporary ones: the home, the current directory
 */
export async function surveyTools(tools: ToolPolicies, untrustedRoots: readonly string[]): Promise<ToolFinding[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'mex-tools-'));
  const toolbox = new Toolbox({ tools, shadowRoot: scratch, untrustedRoots });
  try {
    const findings: ToolFinding[] = [];
    // One after another: each is copied and hashed whole.
    for (const name of Object.keys(tools)) findings.push(await examine(toolbox, name));
    return findings;
  } finally {
    await toolbox.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function examine(toolbox: Toolbox, name: string): Promise<ToolFinding> {
  try {
    const { files, policy } = await toolbox.resolve(name);
    return {
      name,
      found: true,
      files: files.map(({ path, sha256 }) => ({ path, sha256 })),
      pinned: policy.sha256 !== undefined,
    };
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    const { code, message, remedy } = error;
    return { name, found: false, code, message, remedy };
  }
}
