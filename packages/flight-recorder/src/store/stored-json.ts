/** A stored JSON text as a value; `undefined` for what is no JSON. Stored bytes may have been changed by anybody. */
export function parseStored(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller reports it with the row it comes from.
    return undefined;
  }
}
