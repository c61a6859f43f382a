import { AI } from './ai.ts';
import { CHAT } from './chat.ts';
import { CLOUD } from './cloud.ts';
import { CONNECTION } from './connection.ts';
import { KEY_MATERIAL } from './key-material.ts';
import { MONITORING } from './monitoring.ts';
import { NAMED } from './named.ts';
import { PACKAGES } from './packages.ts';
import { PAYMENTS } from './payments.ts';
import type { TokenRule } from './rule.ts';
import { SAAS } from './saas.ts';
import { SOURCE_HOSTING } from './source-hosting.ts';

/** Every token format, by family. */
export const TOKEN_RULES: readonly TokenRule[] = [
  ...KEY_MATERIAL,
  ...SOURCE_HOSTING,
  ...CLOUD,
  ...PACKAGES,
  ...CHAT,
  ...PAYMENTS,
  ...AI,
  ...MONITORING,
  ...SAAS,
  ...NAMED,
  ...CONNECTION,
];
