import { EngineError } from '@mex/engine-sdk';
import { parseStrictJson } from '@mex/envelope';
import type { ArtifactInventory, InventoryItem } from '@mex/envelope/retention';

const MIB = 1024 * 1024;
/** 200,000 artifacts of some 300 bytes and 12 members. */
const BOUNDS = { maxBytes: 128 * MIB, maxKeys: 4_000_000 };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const LAYERS: readonly string[] = ['raw', 'derived', 'evidence', 'log', 'cache'] satisfies InventoryItem['layer'][];
const KINDS: readonly string[] = [
  'file',
  'tool_output',
  'transcript',
  'dataset_slice',
  'prompt_payload',
  'report',
  'bundle',
] satisfies InventoryItem['kind'][];

type Members = Readonly<Record<string, unknown>>;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isTime = (value: unknown): boolean => typeof value === 'string' && Number.isFinite(Date.parse(value));
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Member → what it must be. Generated code is not to be had in a sandbox, so the schema is checked by hand. */
const NEEDED: Readonly<Record<string, (value: unknown) => boolean>> = {
  artifact_id: (value) => typeof value === 'string' && UUID.test(value),
  sha256: (value) => typeof value === 'string' && SHA256.test(value),
  size_bytes: isCount,
  layer: (value) => typeof value === 'string' && LAYERS.includes(value),
  kind: (value) => typeof value === 'string' && KINDS.includes(value),
  created_at: isTime,
};
const OPTIONAL: typeof NEEDED = {
  name: isText,
  engine_id: isText,
  operation: isText,
  retention_ttl_days: isCount,
  pinned: (value) => typeof value === 'boolean',
  held_by: isText,
};
const ITEM_MEMBERS = new Set([...Object.keys(NEEDED), ...Object.keys(OPTIONAL)]);

/**
 * Reads a `mex.inventory@1.0` document. What is only half understood is refused: a member that was overlooked could be
 * the one that says that an artifact is needed.
 * @throws EngineError `JANITOR_INVENTORY_INVALID`
 */
export function parseInventory(bytes: Uint8Array): ArtifactInventory {
  const value = parseJson(bytes);
  if (!isObject(value) || value['schema_version'] !== 'mex.inventory@1.0')
    throw invalid('it is no mex.inventory@1.0 document');
  const { schema_version: _version, taken_at, complete, artifacts, ...rest } = value;
  const [stray] = Object.keys(rest);
  if (stray !== undefined) throw invalid('it has a member that this version does not know');
  if (!isTime(taken_at) || typeof complete !== 'boolean' || !Array.isArray(artifacts))
    throw invalid('taken_at, complete or artifacts is missing');
  const seen = new Set<string>();
  const items: unknown[] = artifacts;
  for (const [at, item] of items.entries()) {
    if (!isItem(item)) throw invalid(`artifact ${at} does not have the required shape`);
    if (seen.has(item.artifact_id)) throw invalid(`artifact ${at} is listed twice`);
    seen.add(item.artifact_id);
  }
  return {
    schema_version: 'mex.inventory@1.0',
    taken_at: String(taken_at),
    complete,
    artifacts: items.filter(isItem),
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes, BOUNDS);
  } catch (cause) {
    throw invalid('it is no JSON, or too large', cause);
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isItem(value: unknown): value is InventoryItem {
  if (!isObject(value) || Object.keys(value).some((key) => !ITEM_MEMBERS.has(key))) return false;
  const needed = Object.entries(NEEDED).every(([key, fits]) => fits(value[key]));
  return needed && Object.entries(OPTIONAL).every(([key, fits]) => value[key] === undefined || fits(value[key]));
}

function invalid(why: string, cause?: unknown): EngineError {
  return new EngineError('JANITOR_INVENTORY_INVALID', `The inventory cannot be used: ${why}.`, { cause });
}
