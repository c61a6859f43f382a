/** The names of the GNU licenses, and which versions there are. */
const FAMILIES: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [/^(?:gnu )?(?:affero (?:general public|gpl)|agpl)$/, 'AGPL', ['1.0', '3.0']],
  [/^(?:gnu )?(?:(?:lesser|library) (?:general public|gpl)|lgpl)$/, 'LGPL', ['2.0', '2.1', '3.0']],
  [/^(?:gnu )?(?:general public|gpl|public)$/, 'GPL', ['1.0', '2.0', '3.0']],
];

/**
 * The GNU license that a name with a version means: `GPLv2`, `GNU LGPL 2.1+`, `GNU General Public License, version 3`.
 * Without a version it means none. Where the name does not say whether later versions are allowed, version 3 is read as
 * "or later" and earlier ones as "only", which is how npm reads them.
 */
export function gnuLicense(text: string): string | undefined {
  if (text.length > 120) return undefined;
  const plain = text
    .toLowerCase()
    .replace(/\blicen[cs]e\b|\bthe\b|[,()"'/_-]/g, ' ')
    .replace(/\bver(?:sion|\.)?(?=[\s\d])|\bv\.?(?=\s*\d)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const [, name = '', version = '', rest = ''] =
    /^([a-z][a-z ]*?)\s?v?\s?(\d(?:\.\d)?)((?:\+| or (?:any )?(?:later|newer)| only)?)$/.exec(plain) ?? [];
  const full = version.includes('.') ? version : `${version}.0`;
  const family = FAMILIES.find(([pattern]) => pattern.test(name.trim().replace(/ v$/, '')));
  if (family === undefined || !family[2].includes(full)) return undefined;
  const isLater = rest.includes('only') ? false : rest !== '' || full === '3.0';
  return `${family[1]}-${full}-${isLater ? 'or-later' : 'only'}`;
}
