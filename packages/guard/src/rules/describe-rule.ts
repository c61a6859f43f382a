import { TOKEN_RULES } from './catalog.ts';

const DESCRIPTIONS: ReadonlyMap<string, string> = new Map([
  ...TOKEN_RULES.map(({ id, description }) => [id, description] as const),
  ['private-key', 'private key'],
  ['kubernetes-secret', 'value of a Kubernetes Secret'],
  ['assigned-password', 'password given to a name'],
  ['assigned-secret', 'secret or token given to a name'],
  ['assigned-key', 'key given to a name'],
  ['provider-credential', 'random value given to the name of a service'],
]);

/** What the secrets of a rule are, for a person; the id itself when there is no such rule. */
export function describeRule(rule: string): string {
  return DESCRIPTIONS.get(rule) ?? rule;
}
