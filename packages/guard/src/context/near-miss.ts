/**
 * Values that begin like a documented token but break its format: shortened, wrong alphabet, made up for a manual. The
 * token rules are the authority on those; judging them again by randomness would find every dummy. A value longer than
 * the format is left to judgement, for formats grow.
 */
const FORMATS: readonly { readonly looks: RegExp; readonly is: RegExp }[] = [
  { looks: /^xox[bp]-/i, is: /^xox[bp]-(?:\d{6,14}-){1,3}[A-Za-z0-9]{20,}$/i },
  { looks: /^sm_(?:pat|sat|aat)_/, is: /^sm_[a-z]{3}_[A-Za-z0-9]{16,}$/ },
  { looks: /^dapi/, is: /^dapi[0-9a-f]{32,}(?:-\d)?$|^.{42,}$/ },
  { looks: /^\d{5,}:A/, is: /^\d{5,16}:A[\w-]{34}$/ },
  { looks: /^sgp_/, is: /^sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40,}$|^sgp_[A-Za-z0-9]{64}$/i },
  { looks: /^gh[pousr]_/, is: /^gh[pousr]_[A-Za-z0-9]{36,}$/ },
  { looks: /^AKIA/, is: /^AKIA[A-Z0-9]{16}$|^.{21,}$/ },
];

/** AWS secret access keys have 40 characters, neither more nor less. */
const AWS_SECRET_NAME = /aws[\w.-]{0,12}secret[\w.-]{0,12}key/i;

/** Whether a value only pretends to be a token of a known format; `name` is what it is given to. */
export function isNearMiss(value: string, name: string): boolean {
  if (AWS_SECRET_NAME.test(name)) return value.length !== 40;
  return FORMATS.some(({ looks, is }) => looks.test(value) && !is.test(value));
}
