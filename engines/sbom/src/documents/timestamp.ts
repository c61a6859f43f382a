const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * An RFC 3339 instant, handed in by the caller: a writer never asks a clock.
 *
 * @throws RangeError when the text is no RFC 3339 instant.
 */
export function parseTimestamp(text: string): Date {
  const instant = new Date(text);
  if (RFC_3339.test(text) && !Number.isNaN(instant.getTime())) return instant;
  throw new RangeError(
    `timestamp must be an RFC 3339 instant such as 2026-01-31T12:00:00Z, not ${JSON.stringify(text)}`,
  );
}
