import { CAPABILITY_AXES } from '@mex/envelope';
import { code, generated, stack, table } from './markdown.ts';

/** `capabilities.md`: the axes of the contract. */
export function renderCapabilities(): string {
  return stack(
    generated(
      'Capabilities',
      'the capability registry of `@mex/envelope`',
      'What an operation may do beyond computing. An id is an axis, or an axis and a scope: `net.http:api.example.org`. An id that is not of this table is denied with [HSK-4001](../errors/HSK-4001.md).',
    ),
    table(
      ['axis', 'scope', 'lets an engine', 'needs a consent'],
      CAPABILITY_AXES.map(({ axis, scope, scopes = [], description, needsConsent }) => [
        code(axis),
        scope === 'none' ? 'none' : scope === 'fixed' ? scopes.map(code).join(', ') : 'a name, or a host',
        description,
        needsConsent ? 'yes' : 'no',
      ]),
    ),
    'An axis alone covers all of its scopes. What an operation gets is the least of what its engine declares, the profile of its caller has, policy does not deny, and the operation asks for; where a consent is needed, an operator has given it and it has neither ended nor been taken back. See [consent for the network](../how-to/consent.md).',
  );
}
