import { type Answer, APPROVAL_SCOPES, type DecisionCase } from './decision-case.ts';

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => typeof value === 'number';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const oneOf =
  (...texts: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && texts.includes(value);
const maybe =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || check(value);
const fits =
  (shape: Shape) =>
  (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(shape).every(([name, check]) => check(Reflect.get(value, name)));

const isCase = fits({
  decisionId: isText,
  gateType: isText,
  targetRef: isText,
  kindRef: maybe(isText),
  level: oneOf('FULL_HUMAN', 'HYBRID', 'AUTONOMOUS', 'LOCKED'),
  confidence: isNumber,
  rationale: isText,
  detail: maybe(isText),
  evidenceRefs: isTexts,
  outcome: oneOf('auto', 'human', 'halt'),
  halted: maybe(oneOf('reject', 'defer')),
  actor: fits({ id: isText, kind: oneOf('human', 'agent', 'system') }),
  modelId: isText,
  autoSignatureId: maybe(isText),
  runId: maybe(isText),
  approvals: isNumber,
  approvers: isTexts,
  createdAt: isNumber,
  expiresAt: isNumber,
});

const isAnswer = fits({
  userId: isText,
  verdict: oneOf('approve', 'reject', 'defer'),
  scope: oneOf(...APPROVAL_SCOPES),
  until: maybe(isNumber),
  rationale: isText,
  at: isNumber,
});

/** A stored case, if it is one. Whether it is the one that was recorded, its digest says. */
export function parseCase(value: unknown): DecisionCase | undefined {
  return isStoredCase(value) ? value : undefined;
}

/** A stored answer, if it is one. */
export function parseAnswer(value: unknown): Answer | undefined {
  return isStoredAnswer(value) ? value : undefined;
}

function isStoredCase(value: unknown): value is DecisionCase {
  return isCase(value);
}

function isStoredAnswer(value: unknown): value is Answer {
  return isAnswer(value);
}
