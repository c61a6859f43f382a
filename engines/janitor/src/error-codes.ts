/** What `prune` fails with. */
export type JanitorErrorCode = 'JANITOR_NO_INVENTORY' | 'JANITOR_INVENTORY_INVALID' | 'JANITOR_TIME_INVALID';

/** All of them, for the manifest. */
export const ERRORS: readonly JanitorErrorCode[] = [
  'JANITOR_NO_INVENTORY',
  'JANITOR_INVENTORY_INVALID',
  'JANITOR_TIME_INVALID',
];
