import { randomUUID } from 'node:crypto';

let prefixTime = -1;
let prefix = '';

/**
 * A new event id: a UUID of version 7, which begins with the time (`now`, milliseconds since 1970). Random ids are
 * accepted as well, but ids in the order of recording keep the index of a large log several times cheaper to write.
 */
export function newEventId(now: number = Date.now()): string {
  if (now !== prefixTime) {
    const time = Math.max(0, Math.trunc(now)).toString(16).padStart(12, '0').slice(-12);
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    prefixTime = now;
  }
  return prefix + randomUUID().slice(15);
}
