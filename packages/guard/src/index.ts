export { MASK } from './context/placeholder.ts';
export { findSecrets } from './find-secrets.ts';
export type { Confidence, FindOptions, SecretFinding } from './finding.ts';
export { type GuardErrorCode, SHORTEST_KNOWN_VALUE } from './mask/known-values.ts';
export { createRedactor, type Redactor } from './mask/redactor.ts';
export { stripControl } from './mask/strip-control.ts';
export { containsSecret, redact } from './redact.ts';
export { type JsonValue, redactJson } from './redact-json.ts';
