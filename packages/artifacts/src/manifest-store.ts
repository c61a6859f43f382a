import { type ArtifactHandle, type ArtifactManifest, CHECKERS, canonicalJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { bytesOf, integerOf, type Row, type StoreDatabase, textOf } from './database.ts';
import { artifactError } from './errors.ts';

/** What a caller says about content it puts in. */
export interface ArtifactMeta {
  readonly kind: ArtifactManifest['kind'];
  readonly mime: string;
  /** Chosen by a caller that had to name the artifact before it was stored; default a random UUID. Never reused. */
  readonly artifact_id?: string;
  /** Default `derived`. */
  readonly layer?: ArtifactManifest['layer'];
  /** File-name-like label; becomes `filename_hint` and the handle's `name`. Never a path. */
  readonly name?: string;
  readonly created_by: ArtifactManifest['created_by'];
  /** Default `medium`. */
  readonly classification?: ArtifactManifest['classification'];
  /** Whether it may leave the machine. Default `false`: nothing does unless somebody said so. */
  readonly exportable?: boolean;
  readonly retention_ttl_days?: number;
  readonly pinned?: boolean;
}

/** What `list` selects. */
export interface ArtifactQuery {
  /** Only artifacts created at or after this moment (RFC 3339, UTC). */
  readonly since?: string;
  readonly kind?: ArtifactManifest['kind'];
  /** Only artifacts that this operation made. */
  readonly op?: string;
  /** Default 100, at most 10,000. */
  readonly limit?: number;
}

/** Newest first. A manifest that cannot be read is named, and does not hide the others. */
export interface ArtifactListing {
  readonly artifacts: ArtifactManifest[];
  readonly unreadable: { readonly artifact_id: string; readonly reason: string }[];
}

const MAX_LIST = 10_000;
const COLUMNS = 'artifact_id, sha256, json, json_sha256';

/** The wire handle of a manifest. */
export function handleOf(manifest: ArtifactManifest): ArtifactHandle {
  const { artifact_id, content_hash: sha256, size_bytes, mime, kind, filename_hint: name } = manifest;
  return { artifact_id, sha256, size_bytes, mime, kind, ...(name === undefined ? {} : { name }) };
}

/** Builds a manifest; the content's hash and size are the store's own finding, never the caller's word. */
export function buildManifest(
  meta: ArtifactMeta,
  content: { readonly sha256: string; readonly size: number },
  createdAt: Date,
): ArtifactManifest {
  const manifest = {
    schema_version: 'mex.artifact@1.0',
    artifact_id: meta.artifact_id ?? crypto.randomUUID(),
    layer: meta.layer ?? 'derived',
    kind: meta.kind,
    mime: meta.mime,
    ...(meta.name === undefined ? {} : { filename_hint: meta.name }),
    created_at: createdAt.toISOString(),
    created_by: meta.created_by,
    content_hash: content.sha256,
    size_bytes: content.size,
    classification: meta.classification ?? 'medium',
    exportable: meta.exportable ?? false,
    ...(meta.retention_ttl_days === undefined ? {} : { retention_ttl_days: meta.retention_ttl_days }),
    ...(meta.pinned === undefined ? {} : { pinned: meta.pinned }),
  };
  if (CHECKERS.artifactManifest.check(manifest)) return manifest;
  const issues = CHECKERS.artifactManifest.issues(manifest, 3).map((issue) => `${issue.path}: ${issue.message}`);
  throw artifactError('ARTIFACT_INVALID', `The artifact's description does not fit: ${issues.join('; ')}`);
}

/** The part of a manifest that a handle repeats, and that never changes. */
export type ContentFacts = Pick<ArtifactHandle, 'sha256' | 'size_bytes' | 'mime' | 'kind'>;

/** How many manifests' unchanging facts are remembered, so that a `get` needs no second look at the database. */
const MAX_REMEMBERED = 4_096;

/** Sidecar manifests. Each is kept with its own hash, so that a changed byte is noticed. */
export class ManifestStore {
  readonly #db: StoreDatabase;
  readonly #remembered = new Map<string, ContentFacts>();

  constructor(db: StoreDatabase) {
    this.#db = db;
  }

  /** Inside a transaction. */
  insert(manifest: ArtifactManifest): void {
    const json = canonicalJson(manifest);
    this.#db.run(
      `INSERT INTO manifests (artifact_id, sha256, kind, op_id, created_at, json, json_sha256)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      manifest.artifact_id,
      manifest.content_hash,
      manifest.kind,
      manifest.created_by.op_id ?? null,
      manifest.created_at,
      json,
      digestOf(json),
    );
  }

  /** Inside a transaction: changes what may change, the pin. */
  setPinned(artifactId: string, pinned: boolean): ArtifactManifest {
    const manifest = { ...this.read(artifactId), pinned };
    const json = canonicalJson(manifest);
    const sql = 'UPDATE manifests SET json = ?, json_sha256 = ? WHERE artifact_id = ?';
    this.#db.run(sql, json, digestOf(json), artifactId);
    return manifest;
  }

  /** @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT` */
  read(artifactId: string): ArtifactManifest {
    const row = this.#db.get(`SELECT ${COLUMNS} FROM manifests WHERE artifact_id = ?`, artifactId);
    if (row === undefined) throw artifactError('ARTIFACT_NOT_FOUND', `The store holds no artifact ${artifactId}.`);
    return parseManifest(row);
  }

  /** What a handle of this artifact must say. @throws MexError `ARTIFACT_NOT_FOUND`, `ARTIFACT_CORRUPT` */
  factsOf(artifactId: string): ContentFacts {
    const known = this.#remembered.get(artifactId);
    if (known !== undefined) return known;
    const { content_hash: sha256, size_bytes, mime, kind } = this.read(artifactId);
    const facts = { sha256, size_bytes, mime, kind };
    this.remember(artifactId, facts);
    return facts;
  }

  /** Keeps the facts of a committed manifest at hand. */
  remember(artifactId: string, facts: ContentFacts): void {
    this.#remembered.set(artifactId, facts);
    const [oldest] = this.#remembered.size > MAX_REMEMBERED ? this.#remembered.keys() : [];
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  /** After these were removed. */
  forget(artifactIds: readonly string[]): void {
    for (const id of artifactIds) this.#remembered.delete(id);
  }

  /** In the order in which they were stored, from after `seq`; without `last` there are no more. */
  page(seq: number, limit: number): ArtifactListing & { readonly last?: number } {
    const rows = this.#db.all(`SELECT seq, ${COLUMNS} FROM manifests WHERE seq > ? ORDER BY seq LIMIT ?`, seq, limit);
    const last = rows.at(-1);
    return { ...readRows(rows), ...(last === undefined ? {} : { last: integerOf(last, 'seq') }) };
  }

  list(query: ArtifactQuery): ArtifactListing {
    const rows = this.#db.all(
      `SELECT ${COLUMNS} FROM manifests
       WHERE (?1 IS NULL OR created_at >= ?1) AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR op_id = ?3)
       ORDER BY seq DESC LIMIT ?4`,
      query.since ?? null,
      query.kind ?? null,
      query.op ?? null,
      Math.max(0, Math.min(query.limit ?? 100, MAX_LIST)),
    );
    return readRows(rows);
  }
}

function readRows(rows: readonly Row[]): ArtifactListing {
  const listing: ArtifactListing = { artifacts: [], unreadable: [] };
  for (const row of rows) {
    try {
      listing.artifacts.push(parseManifest(row));
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unreadable';
      listing.unreadable.push({ artifact_id: textOf(row, 'artifact_id'), reason });
    }
  }
  return listing;
}

/** One of the four doors: stored bytes are parsed, never trusted. */
function parseManifest(row: Row): ArtifactManifest {
  const id = textOf(row, 'artifact_id');
  const json = textOf(row, 'json');
  if (Buffer.compare(digestOf(json), bytesOf(row, 'json_sha256')) === 0) {
    const value: unknown = JSON.parse(json);
    const sound = CHECKERS.artifactManifest.check(value) && value.artifact_id === id;
    if (sound && value.content_hash === textOf(row, 'sha256')) return value;
  }
  throw artifactError('ARTIFACT_CORRUPT', `The stored manifest of artifact ${id} is not what was written.`);
}

function digestOf(json: string): Uint8Array {
  return Buffer.from(sha256Hex(json), 'hex');
}
