/**
 * Values that begin like a documented token but break its format: shortened, wrong alphabet, made up for a manual. The
 * token rules are the authority on those; judging them again by randomness would find every dummy. A value longer than
 * the format is left to judgement, for formats grow.
 */
const FORMATS: readonly { readonly looks: RegExp; readonly is: RegExp }[] = [
  { looks: /^xox[a-z]-/i, is: /^xox[a-z]-(?:\d{6,14}-){2,3}[A-Za-z0-9]{24,}$|^xox[a-z]-\d-|^xoxe/i },
  { looks: /^sm_(?:pat|sat|aat)_/, is: /^sm_[a-z]{3}_[A-Za-z0-9]{16,}$/ },
  { looks: /^dapi/, is: /^dapi[0-9a-f]{32,}(?:-\d)?$|^.{42,}$/ },
  { looks: /^\d{5,}:A/, is: /^\d{5,16}:A[\w-]{34,}$/ },
  { looks: /^sgp_/, is: /^sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40,}$|^sgp_[A-Za-z0-9]{64}$/i },
  { looks: /^gh[pousr]_/, is: /^gh[pousr]_[A-Za-z0-9]{36,}$/ },
  { looks: /^AKIA/, is: /^AKIA[A-Z0-9]{16}$|^.{21,}$/ },
];

/** Whether a value only pretends to be a token of a known format. */
export function isNearMiss(value: string): boolean {
  return FORMATS.some(({ looks, is }) => looks.test(value) && !is.test(value));
}
