// Inside JSON text these can only stand within strings, where an escape means the same. JSON.stringify leaves them raw.
const TERMINAL_HARMFUL =
  /[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** JSON text that says exactly the same value and is harmless on a terminal. `indent` spaces; 0 means one line. */
export function safeJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(TERMINAL_HARMFUL, escapeUnits);
}

function escapeUnits(text: string): string {
  let escaped = '';
  for (let unit = 0; unit < text.length; unit += 1) {
    escaped += `\\u${text.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
