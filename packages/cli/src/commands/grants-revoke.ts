import { argumentText, type CommandRun, optionText } from '../command.ts';
import { consentDocument, consentWords, findConsent } from '../consent-view.ts';
import { EXIT } from '../exit-codes.ts';
import { withHost } from '../home.ts';

/** `mex grants revoke <id>` */
export const revokeGrant: CommandRun = async (invocation, terminal) => {
  const record = await withHost(invocation, async (host) => {
    const { consent_id } = findConsent(host.consents, argumentText(invocation, 'id'));
    return host.consents.revoke(consent_id, host.caller, optionText(invocation, 'reason'));
  });
  terminal.document(consentDocument(record, Date.now()));
  const { actor_id, capability_id, revocation } = record;
  terminal.line(`revoked: ${actor_id} may no longer ${consentWords(capability_id)}`);
  if (revocation !== undefined) terminal.line(`by ${revocation.revoked_by} at ${revocation.revoked_at}`);
  return EXIT.done;
};
