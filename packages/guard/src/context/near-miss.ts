/**
 * Values that begin like a documented token but break its format: shortened, wrong alphabet, made up for a manual. The
 * token rules are the authority on those; judging them again by randomness would find every dummy. A value longer than
 * the format is left to judgement, for formats grow.
 */
const FORMATS: readonly { readonly looks: RegExp; readonly is: RegExp }[] = [
  { looks: /^xox[bp]-/i, is: /^xox[bp]-(?:\d{6,14}-){1,3}[A-Za-z0-9]{20,}$/i },
  { looks: /^sm_(?:pat|sat|aat)_/, is: /^sm_[a-z]{3}_[A-Za-z0-9]{16,}$/ },
  { looks: /^dapi/, is: /^dapi(?:[0-9a-f]{32,}|[0-9A-F]{32,})(?:-\d)?$|^.{42,}$/ },
  { looks: /^\d{5,}:A/, is: /^\d{5,16}:A[\w-]{34}$/ },
  { looks: /^sgp_/, is: /^sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40,}$|^sgp_[A-Za-z0-9]{64}$/i },
  { looks: /^gh[pousr]_/, is: /^gh[pousr]_[A-Za-z0-9]{36,}$/ },
  { looks: /NRAL$/, is: /^(?:[0-9a-f]{36}|(?:eu|gov)01xx[0-9a-f]{30})NRAL$/ },
  // The alphabet after the prefix of a secret key is a manual's sample.
  { looks: /^sk_abcdefgh/, is: /^$/ },
  { looks: /^AKIA/, is: /^AKIA[A-Z0-9]{16}$|^.{21,}$/ },
];

/** AWS secret access keys have 40 characters, neither more nor less. */
const AWS_SECRET_NAME = /aws[\w.-]{0,12}secret[\w.-]{0,12}key/i;

/** Names of keys that have one documented shape. */
const NAMED_FORMATS: readonly { readonly name: RegExp; readonly is: RegExp }[] = [
  { name: /^meraki/i, is: /^[0-9a-f]{40}$/i },
  // Every object store that speaks S3 issues at least thirty characters.
  { name: /^secret[-_]?access[-_]?key$/i, is: /^.{30,}$/ },
];

/** Whether a value only pretends to be a token of a known format; `name` is what it is given to. */
export function isNearMiss(value: string, name: string): boolean {
  if (AWS_SECRET_NAME.test(name)) return value.length !== 40;
  if (NAMED_FORMATS.some((format) => format.name.test(name) && !format.is.test(value))) return true;
  return FORMATS.some(({ looks, is }) => looks.test(value) && !is.test(value));
}
