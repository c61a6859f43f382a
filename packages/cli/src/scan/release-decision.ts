import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type ArtifactHandle, canonicalBytes, type JsonValue, MexError, parseStrictJson } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { DSSE_MIME, IN_TOTO_MIME, parseDsse, signDsse, verifyDsse } from '@mex/envelope/dsse';
import { createFileSigner, newEventId, type Signer } from '@mex/flight-recorder';
import type { Host } from '@mex/host';
import { VERSION } from '../version.ts';
import type { ScanRequest } from './run-checks.ts';
import type { ScanOutcome } from './run-scan.ts';
import type { ScanPolicy } from './scan-policy.ts';
import type { ReportedCheck } from './verdict.ts';

const STATEMENT = 'https://in-toto.io/Statement/v1';
/** SLSA Verification Summary: somebody held an artifact against a policy, and this is what came of it. */
const PREDICATE = 'https://slsa.dev/verification_summary/v1';
const PASSED_LEVEL = 'MEX_RELEASE_GATE_1';
const MAX_OBJECTIONS = 200;

/** Codes of an envelope that cannot be trusted. */
export type DecisionErrorCode = 'RELEASE_DECISION_INVALID';

/** File name of the signed decision. */
export const DECISION_NAME = 'release-decision.dsse.json';

/** What is known of a scan when it is decided. */
type Decided = Omit<ScanOutcome, 'decision' | 'problems' | 'endedAt'>;

/** Something that a decision rests on, as in-toto describes a resource. */
interface Resource {
  readonly name: string;
  readonly uri: string;
  readonly digest: { readonly sha256: string };
  readonly mediaType?: string;
}

/**
 * Signs what a release scan came to with the key of the home, keeps it as an artifact and records that it was made.
 * `undefined` when nothing at all was scanned: then there is nothing to decide about.
 */
export async function recordDecision(
  host: Host,
  request: ScanRequest,
  scan: Decided,
): Promise<ArtifactHandle | undefined> {
  const statement = writeStatement(host, request, scan);
  if (statement.subject.length === 0) return undefined;
  const signer = createFileSigner(join(host.home, 'keys'));
  const payload = canonicalBytes(statement);
  const handle = await host.artifacts.put(
    Buffer.from(signDsse(payload, IN_TOTO_MIME, [{ keyId: signer.keyName, sign: signer.sign }])),
    {
      kind: 'report',
      mime: DSSE_MIME,
      layer: 'evidence',
      name: DECISION_NAME,
      created_by: { actor_id: host.caller.id, operation: 'release.decide' },
      pinned: true,
    },
  );
  // Read back from the store: what is kept is what will be shown to others.
  verifyDecision(await host.artifacts.get(handle), signer);
  await recordCall(host, scan, handle, statement.predicate.policy.digest.sha256);
  return handle;
}

/**
 * The statement of a signed decision.
 * @param signer whose public key is trusted
 * @throws MexError `RELEASE_DECISION_INVALID` when it is not of that key, was changed, or is no release decision
 */
export function verifyDecision(
  envelope: Uint8Array,
  { publicKey }: Pick<Signer, 'publicKey'>,
): Readonly<Record<string, JsonValue>> {
  const value = parseStrictJson(verifiedPayload(envelope, publicKey));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it holds no statement');
  if (value['_type'] !== STATEMENT || value['predicateType'] !== PREDICATE)
    throw invalid('it holds a statement of another kind');
  return value;
}

function verifiedPayload(envelope: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    return verifyDsse(parseDsse(envelope), IN_TOTO_MIME, [{ keyId: 'this home', publicKey }]).payload;
  } catch (cause) {
    throw invalid(cause instanceof MexError ? cause.message : 'it cannot be read', cause);
  }
}

function invalid(what: string, cause?: unknown): MexError<DecisionErrorCode> {
  return new MexError({
    code: 'RELEASE_DECISION_INVALID',
    kind: 'integrity',
    message: `The release decision cannot be trusted: ${what}.`,
    remedy: 'Take it from where it was made, and check it with the public key of that home.',
    cause,
  });
}

function writeStatement(host: Host, { policy }: ScanRequest, scan: Decided) {
  const passed = scan.verdict === 'pass';
  return {
    _type: STATEMENT,
    subject: subjectsOf(scan.checks),
    predicateType: PREDICATE,
    predicate: {
      verifier: { id: 'urn:mex:release-gate', version: { mex: VERSION } },
      timeVerified: new Date().toISOString(),
      resourceUri: `urn:mex:run:${scan.runId}`,
      policy: policyResource(policy, scan),
      inputAttestations: [...documentsOf(scan), ...scan.checks.flatMap(outputsOf)],
      verificationResult: passed ? 'PASSED' : 'FAILED',
      verifiedLevels: [passed ? PASSED_LEVEL : 'FAILED'],
      mex: {
        verdict: scan.verdict,
        run_id: scan.runId,
        host_policy_sha256: host.policy.sha256,
        registry_sha256: host.registry.digest,
        checks: scan.checks.map(describeCheck),
        objection_count: scan.objections.length,
        objections: scan.objections.slice(0, MAX_OBJECTIONS).map(({ code, check, kind, title }) => ({
          code,
          kind,
          job: check.job,
          title: title.slice(0, 500).toWellFormed(),
        })),
      },
    },
  };
}

/** What was scanned: the pinned trees by the digest of their index, and the SBOM that was read from them. */
function subjectsOf(checks: readonly ReportedCheck[]): { name: string; digest: { sha256: string } }[] {
  const trees = checks.flatMap(({ check, inputs }) =>
    inputs
      .filter(({ kind }) => kind === 'bundle')
      // A repository comes after the tree that it is the history of.
      .map(({ sha256 }, at) => ({
        name: `${check.job}/${check.name === 'secret' && at > 0 ? 'history' : 'tree'}`,
        sha256,
      })),
  );
  const bills = checks.flatMap(({ result }) =>
    result.outputs.flatMap(({ name = '', sha256 }) => (name === 'sbom.cdx.json' ? [{ name, sha256 }] : [])),
  );
  return [...trees, ...bills].map(({ name, sha256 }) => ({ name, digest: { sha256 } }));
}

/** Without a policy file the built-in thresholds are what decided. */
function policyResource({ warnAgeDays, maxAgeDays }: ScanPolicy, { allowLists }: Decided): Resource {
  const rules = { max_age_days: maxAgeDays, warn_age_days: warnAgeDays };
  return allowLists.policy === undefined
    ? { name: 'built-in', uri: 'urn:mex:scan-policy:built-in', digest: { sha256: digestJson(rules) } }
    : resourceOf('scan-policy', allowLists.policy);
}

function documentsOf({ database, allowLists, checks }: Decided): Resource[] {
  const { vex, licensePolicy, secretBaseline } = allowLists;
  return [
    ...('handle' in database ? [resourceOf('advisory-database', database.handle)] : []),
    ...checks.flatMap(({ asked }) => asked?.evidence.map((handle) => resourceOf('advisory-answers', handle)) ?? []),
    ...vex.map((handle) => resourceOf('openvex', handle)),
    ...(licensePolicy === undefined ? [] : [resourceOf('license-policy', licensePolicy)]),
    ...(secretBaseline === undefined ? [] : [resourceOf('secret-baseline', secretBaseline)]),
  ];
}

function outputsOf({ check, result }: ReportedCheck): Resource[] {
  const all = [...result.outputs, ...result.evidence];
  return all.map((handle) => resourceOf(`${check.job}/${handle.name ?? handle.kind}`, handle));
}

function resourceOf(name: string, { artifact_id, sha256, mime }: ArtifactHandle): Resource {
  return { name, uri: `urn:uuid:${artifact_id}`, digest: { sha256 }, mediaType: mime };
}

function describeCheck({ check, result }: ReportedCheck) {
  const { engine_version, bundle_sha256, config_hash, inputs, environment, implementation, cached_from } =
    result.provenance;
  return {
    job: check.job,
    engine_id: check.engineId,
    engine_version: engine_version ?? null,
    bundle_sha256: bundle_sha256 ?? null,
    implementation: implementation ?? null,
    tool_versions: environment.tool_versions,
    advisory_db_version: environment.advisory_db_version ?? null,
    config_hash: config_hash ?? null,
    op_id: result.op_id,
    status: result.status,
    tier: environment.isolation_tier,
    inputs,
    // What was decided on may have been made by an earlier operation; its result was proven and verified for this one.
    ...(cached_from === undefined ? {} : { cached_from }),
  };
}

async function recordCall(host: Host, scan: Decided, handle: ArtifactHandle, argsHash: string): Promise<void> {
  const now = Date.now();
  const { kind, id } = host.caller;
  await host.recorder.append([
    {
      event_id: newEventId(now),
      type: 'tool_call',
      timestamp: new Date(now).toISOString(),
      actor: { kind, id },
      session_span_id: scan.runId,
      tool_call_id: randomUUID(),
      tool_id: 'mex.release_decision',
      tool_version: VERSION,
      transport: 'local',
      side_effect: 'write',
      idempotency: 'none',
      ok: scan.verdict === 'pass',
      args_hash: argsHash,
      result_hash: handle.sha256,
      result_ref: handle.artifact_id,
      error: scan.objections[0]?.code ?? null,
      timing: { started_at: scan.startedAt, duration_ms: Math.max(0, now - Date.parse(scan.startedAt)) },
      resources_touched: scan.checks.map(({ result }) => result.op_id),
      capability_ids: [],
    },
  ]);
}
