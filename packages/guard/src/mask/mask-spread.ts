import { MASK } from '../context/placeholder.ts';
import type { JsonValue } from '../redact-json.ts';

/** How deep a container is searched for the smallest part to mask; deeper ones are masked whole. */
const DEEPEST = 8;

/**
 * Masks lists and objects that hold a value spread over their items, which no single string shows: `["s","e","c"]`,
 * `[115,101,99]`. The smallest such container becomes the mask. The same value when there is none.
 *
 * @param holds whether a text shows a value
 */
export function maskSpread(value: JsonValue, holds: (text: string) => boolean, depth = 0): JsonValue {
  if (value === null || typeof value !== 'object' || !holds(JSON.stringify(value))) return value;
  if (depth >= DEEPEST) return MASK;
  const inner = mapItems(value, (item) => maskSpread(item, holds, depth + 1));
  return inner === value || holds(JSON.stringify(inner)) ? MASK : inner;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Maps the items of a container, and keeps the container when none changed. */
function mapItems(value: JsonValue, map: (item: JsonValue) => JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) {
    const items = value.map(map);
    return items.every((item, at) => item === value[at]) ? value : items;
  }
  const members = Object.entries(value).map(([name, item]) => [name, map(item), item] as const);
  if (members.every(([, fresh, old]) => fresh === old)) return value;
  return Object.fromEntries(members.map(([name, fresh]) => [name, fresh]));
}
