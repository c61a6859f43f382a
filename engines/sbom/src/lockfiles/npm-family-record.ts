/** A mapping that came out of a parser. Its keys are an attacker's: read fixed field names only, or iterate. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own field as a mapping; an empty mapping when it is missing or something else. */
export function fieldsAt(owner: Fields, name: string): Fields {
  const value = valueAt(owner, name);
  return isFields(value) ? value : EMPTY;
}

const EMPTY: Fields = Object.freeze({});

/** Own field as non-empty text. */
export function textAt(owner: Fields, name: string): string | undefined {
  const value = valueAt(owner, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** True for `true` and, because YAML scalars are read as text, for `"true"`. */
export function flagAt(owner: Fields, name: string): boolean {
  const value = valueAt(owner, name);
  return value === true || value === 'true';
}

/** Own field whatever it is: never something inherited. */
export function valueAt(owner: Fields, name: string): unknown {
  return Object.hasOwn(owner, name) ? owner[name] : undefined;
}

/** The pairs of a mapping whose value is text: a dependency list. */
export function textPairs(fields: Fields): [string, string][] {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') pairs.push([name, value]);
  }
  return pairs;
}

/** The pairs of a mapping whose value is a mapping. */
export function fieldPairs(fields: Fields): [string, Fields][] {
  const pairs: [string, Fields][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (isFields(value)) pairs.push([name, value]);
  }
  return pairs;
}

/** License texts of a manifest-like mapping: `license` as text, as `{type}`, or the old `licenses` list. */
export function licensesAt(owner: Fields): string[] {
  const declared = valueAt(owner, 'license') ?? valueAt(owner, 'licenses');
  const found: string[] = [];
  for (const one of Array.isArray(declared) ? declared.slice(0, 32) : [declared]) {
    const text = isFields(one) ? textAt(one, 'type') : one;
    if (typeof text === 'string' && text.trim() !== '' && text.length <= 1024) found.push(text.trim());
  }
  return found;
}
