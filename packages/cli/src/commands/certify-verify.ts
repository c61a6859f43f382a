import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { certificateLapse, MexError } from '@mex/envelope';
import { readCertificateFile, readCertificateTrust } from '@mex/host';
import { type CertificateContent, type CertificateTrust, checkCertificate, verifyCertificate } from '@mex/registry';
import { findTarget } from '../certification/certification-target.ts';
import { readKeyOption } from '../certification/read-key-option.ts';
import { argumentText, type CommandRun, type Invocation, optionList, optionText } from '../command.ts';
import { readPolicyState } from '../doctor/policy-state.ts';
import { EXIT } from '../exit-codes.ts';
import { openRegistry } from '../home.ts';
import { dim, green, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { usageError } from '../usage-error.ts';

/** `mex certify verify <certificate>`: who signed it, what it binds, and whether it is in force. Records nothing. */
export const verifyCertificateCommand: CommandRun = async (invocation, terminal) => {
  const envelope = readEnvelope(argumentText(invocation, 'certificate'));
  const trust = await readTrust(invocation);
  const verdict = await judge(envelope, trust, invocation);
  terminal.document(describe(verdict));
  print(terminal, verdict);
  return verdict.refusal === undefined ? EXIT.done : EXIT.blocked;
};

interface Refusal {
  readonly code: string;
  readonly reason: string;
  readonly remedy?: string | undefined;
}

interface Verdict {
  /** Of a certificate whose signature holds. */
  readonly content?: CertificateContent;
  readonly refusal?: Refusal;
  /** The engine it was compared with. */
  readonly engineId?: string;
}

function readEnvelope(path: string): string {
  const refuse = (why: string): Error =>
    usageError(`${path} ${why}.`, 'Name a certificate (…dsse.json) that you may read.', 'CLI_FILE_UNREADABLE');
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw refuse('does not exist');
  if (!stat.isFile()) throw refuse('is not a file');
  // What cannot be read counts as no certificate where engines are run; here somebody wants to know why.
  accessSync(path, constants.R_OK);
  return readCertificateFile(resolve(path)) ?? '';
}

/** With keys on the command line nothing of a home is looked at: not its keys, and not what it revoked. */
async function readTrust(invocation: Invocation): Promise<CertificateTrust> {
  const keys = optionList(invocation, 'key').map(readKeyOption);
  if (keys.length > 0) return { keys, revoked: [] };
  const home = resolve(invocation.home);
  const { policy, problem } = await readPolicyState(home);
  if (problem !== undefined) throw usageError(problem.text, 'Correct the policy, or name the keys with --key.');
  return readCertificateTrust(home, policy);
}

async function judge(envelope: string, trust: CertificateTrust, invocation: Invocation): Promise<Verdict> {
  let content: CertificateContent;
  try {
    content = verifyCertificate(envelope, trust);
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    return { refusal: { code: error.code, reason: error.message, remedy: error.remedy } };
  }
  const named = optionText(invocation, 'engine');
  if (named === undefined) return { content, ...lapseOf(content) };
  const target = findTarget(named, await openRegistry(invocation));
  const standing = checkCertificate(envelope, target, trust);
  const { engine_id: engineId } = target.manifest;
  if (standing.state !== 'refused') return { content, engineId, ...lapseOf(content) };
  const { code, reason, remedy } = standing;
  return { content, engineId, refusal: { code, reason: `The certificate is refused: ${reason}.`, remedy } };
}

function lapseOf({ terms }: CertificateContent): { refusal?: Refusal } {
  const issuedAt = Date.parse(terms.issued_at);
  const lapse = certificateLapse({ issuedAt, expiresAt: Date.parse(terms.expires_at) }, Date.now());
  if (lapse === undefined) return {};
  const code = lapse === 'expired' ? 'CERTIFICATE_EXPIRED' : 'CERTIFICATE_NOT_YET_VALID';
  const remedy = lapse === 'expired' ? 'Certify the engine again.' : 'Set the clock of this machine, or wait.';
  return { refusal: { code, reason: `The certificate is ${lapse}.`, remedy } };
}

function describe({ content, refusal, engineId }: Verdict) {
  return {
    valid: refusal === undefined,
    ...(refusal === undefined ? {} : { error: refusal }),
    engine_compared: engineId ?? null,
    certificate: content === undefined ? null : bindings(content),
  };
}

/** What a certificate binds, by the names of its statement. */
function bindings(content: CertificateContent) {
  const { engine_id, engine_version, contract_version, harness_version, tiers, issued_at, expires_at } = content.terms;
  return {
    sha256: content.sha256,
    key_id: content.keyId,
    engine_id,
    engine_version,
    bundle_sha256: content.bundleSha256,
    manifest_sha256: content.manifestSha256,
    vectors_sha256: content.vectorsSha256,
    requirements_sha256: content.requirementsSha256,
    report_sha256: content.reportSha256,
    contract_version,
    harness_version,
    tiers,
    cases: content.statement.predicate.passedTests.length,
    issued_at,
    expires_at,
  };
}

function print(terminal: Terminal, { content, refusal, engineId }: Verdict): void {
  if (refusal === undefined) terminal.line(green('Valid. '), 'A key that you trust signed it, and it is in force.');
  else terminal.line(red('Not valid. '), refusal.reason, dim(` (${refusal.code})`));
  if (refusal?.remedy !== undefined) terminal.line('  → ', refusal.remedy);
  if (content === undefined) return;
  const rows = Object.entries(bindings(content)).map(([name, value]) => [
    dim(name.replaceAll('_', ' ')),
    Array.isArray(value) ? value.join(', ') : String(value),
  ]);
  terminal.table(rows, { indent: 2 });
  if (engineId === undefined && refusal === undefined)
    terminal.line(yellow('Not compared with an engine: '), 'name one with --engine <dir|id>.');
  else if (refusal === undefined) terminal.line(green('It is for exactly '), engineId ?? '', ' as it is now.');
}
