import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKERS, parseOperation, parseStrictJson } from '@mex/envelope';
import { checkPolicyFile } from '@mex/host';
// @boundaries-ignore a reader that the engine has for itself
import { readPolicyDocument } from '../../../../engines/license/src/policy/policy.ts';
// @boundaries-ignore a reader that the engine has for itself
import { parseBaseline } from '../../../../engines/secret-scan/src/baseline.ts';
// @boundaries-ignore a reader that the command has for itself
import { parseScanPolicy } from '../../../../packages/cli/src/scan/scan-policy-file.ts';

type Reader = (text: string) => unknown;

/** Who reads a document, by its `schema_version`. Each throws when it is none. */
const READERS: Readonly<Record<string, Reader>> = {
  'poe-1.0': (text) => parseOperation(text),
  'mex.vector@1.0': (text) => CHECKERS.conformanceVector.parse(parseStrictJson(text), 'The vector'),
  'mex.policy@1.0': readPolicy,
  'mex.scan_policy@1.0': (text) => {
    const parsed = parseScanPolicy(Buffer.from(text));
    if ('problem' in parsed) throw new Error(parsed.problem);
  },
  'mex.license_policy@1.0': readPolicyDocument,
  'mex.secret_baseline@1': (text) => parseBaseline(parseStrictJson(text)),
};

/** Reads a `json` block as whoever it is for would. Without a `schema_version` it has to be JSON. @throws Error */
export async function readDocument(text: string): Promise<void> {
  const value = parseStrictJson(text);
  const version =
    typeof value === 'object' && value !== null && 'schema_version' in value ? value.schema_version : undefined;
  if (version === undefined) return;
  const name = typeof version === 'string' ? version : JSON.stringify(version);
  const read = READERS[name];
  if (read === undefined) throw new Error(`no reader is known here for ${name}; add it to documents.ts`);
  await read(text);
}

async function readPolicy(text: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mex-docs-policy-'));
  try {
    const file = join(dir, 'policy.json');
    writeFileSync(file, text);
    const { valid, remarks } = await checkPolicyFile(file, true);
    if (!valid) throw new Error(remarks.map(({ message }) => message).join(' '));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
