import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, canonicalBytes, MexError, type ProjectionPlan } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { findSecrets, type JsonValue, redact, redactJson } from '@mex/guard';
import { cloudError } from './cloud-errors.ts';

/** What a caller wants to have sent. */
export interface ProjectionRequest {
  /** Name → value. Secrets in them are masked. */
  readonly fields?: Readonly<Record<string, JsonValue>>;
  /** Texts of the store. Only exportable ones of a classification below `high`. */
  readonly artifacts?: readonly ArtifactHandle[];
  readonly jobId?: string;
}

/** The bytes that would leave, and the plan that describes them. */
export interface Projection {
  readonly payload: Uint8Array;
  readonly plan: ProjectionPlan;
}

/** Where it would go, and how much may. */
export interface ProjectionTarget {
  readonly modelId: string;
  readonly url: string;
  readonly maxBytes: number;
  readonly planId: string;
  readonly now: number;
}

const MAX_PARTS = 100;

/**
 * Makes the payload: fields and artifacts as canonical JSON, everything masked before the digest is taken.
 * @throws MexError `CLOUD_NOT_EXPORTABLE`, `CLOUD_PAYLOAD_TOO_LARGE`, `CLOUD_REQUEST_INVALID`, and those of the store
 */
export async function project(
  request: ProjectionRequest,
  target: ProjectionTarget,
  store: Pick<ArtifactStore, 'get' | 'manifest' | 'verifyHandle'>,
): Promise<Projection> {
  const { fields = {}, artifacts = [], jobId } = request;
  const names = Object.keys(fields);
  if (names.length + artifacts.length === 0) throw invalid('nothing to send');
  if (names.length > MAX_PARTS || artifacts.length > MAX_PARTS) throw invalid(`more than ${MAX_PARTS} parts`);
  const redactions = names.flatMap((name) => rulesOf(textOf(fields[name]), name));
  const texts: { name: string; sha256: string; text: string }[] = [];
  for (const handle of artifacts) {
    const text = await readExportable(handle, store);
    const name = handle.name ?? handle.sha256;
    redactions.push(...rulesOf(text, name));
    texts.push({ name, sha256: handle.sha256, text: redact(text) });
  }
  const payload = encode({ fields: redactJson({ ...fields }), artifacts: texts });
  const { modelId, url, maxBytes, planId, now } = target;
  if (payload.length > maxBytes) throw tooLarge(payload.length, maxBytes);
  const plan: ProjectionPlan = {
    schema_version: 'hsk.projection_plan@0.4',
    projection_plan_id: planId,
    include_artifact_refs: artifacts.map(({ sha256 }) => `sha256:${sha256}`),
    include_fields: names.map((name) => redact(name).slice(0, 256)),
    redactions_applied: redactions.slice(0, 1_000),
    max_bytes: maxBytes,
    payload_sha256: sha256Hex(payload),
    created_at: new Date(now).toISOString(),
    ...(jobId === undefined ? {} : { job_id: jobId }),
    requested_model_id: modelId,
    destination: url,
  };
  return { payload, plan };
}

/** What was masked, by rule and place; never a value. */
function rulesOf(text: string, where: string): string[] {
  const place = redact(where).slice(0, 120);
  return [...new Set(findSecrets(text).map(({ rule }) => `${rule}:${place}`.slice(0, 256)))];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function encode(value: unknown): Uint8Array {
  try {
    return canonicalBytes(value);
  } catch (error) {
    if (error instanceof MexError) throw invalid(error.message);
    throw error;
  }
}

async function readExportable(
  handle: ArtifactHandle,
  store: Pick<ArtifactStore, 'get' | 'manifest' | 'verifyHandle'>,
): Promise<string> {
  await store.verifyHandle(handle);
  const { exportable, classification } = await store.manifest(handle.artifact_id);
  const name = `artifact ${handle.artifact_id}`;
  if (!exportable) throw notExportable(`${name} is marked as not exportable`);
  if (classification === 'high') throw notExportable(`${name} is classified as high`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await store.get(handle));
  } catch (error) {
    if (error instanceof MexError) throw error;
    // What is no text cannot be looked through for secrets.
    throw notExportable(`${name} is not text`);
  }
}

function notExportable(why: string) {
  return cloudError(
    'CLOUD_NOT_EXPORTABLE',
    `Nothing was sent: ${why}.`,
    'Leave it out, or make a copy that may leave.',
  );
}

function invalid(why: string) {
  return cloudError('CLOUD_REQUEST_INVALID', `This cannot be escalated: ${why}.`, 'Name fields or artifacts to send.');
}

function tooLarge(size: number, most: number) {
  return cloudError(
    'CLOUD_PAYLOAD_TOO_LARGE',
    `The payload has ${size} bytes; ${most} is the most.`,
    'Send less, or raise governance.cloud.max_bytes of policy.json.',
  );
}
