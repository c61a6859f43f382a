import { type ConsentRecord, coversCapability } from '@mex/envelope';
import type { Host } from '@mex/host';
import { argumentText, type CommandRun, optionText } from '../command.ts';
import { consentDocument, consentWords } from '../consent-view.ts';
import { EXIT } from '../exit-codes.ts';
import { closeHost, openWiredHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim, yellow } from '../output/style.ts';
import { describeDistance, parseUntil } from '../until-option.ts';

/** `mex grants allow <capability>` */
export const allowGrant: CommandRun = async (invocation, terminal) => {
  const until = optionText(invocation, 'until');
  const reason = optionText(invocation, 'reason');
  const validUntil = until === undefined ? undefined : parseUntil(until, Date.now());
  const host = await openWiredHost(invocation);
  try {
    const record = await host.consents.allow(
      {
        actorId: optionText(invocation, 'actor') ?? host.caller.id,
        capabilityId: argumentText(invocation, 'capability'),
        ...(validUntil === undefined ? {} : { validUntil }),
        ...(reason === undefined ? {} : { reason }),
      },
      host.caller,
    );
    const now = Date.now();
    const { actor_id, capability_id, consent_id, valid_until } = record;
    terminal.document({ ...consentDocument(record, now), in_profile: isInProfile(host, record) });
    terminal.line('Engines that ', bold(actor_id), ' runs may now ', bold(consentWords(capability_id)), '.');
    terminal.line(`It ends ${describeDistance(Date.parse(valid_until), now)}, at ${valid_until}.`);
    if (!capability_id.includes(':') && !capability_id.startsWith('device.')) {
      terminal.line(yellow('That is without limits: '), `${capability_id}:<scope> would allow one only.`);
    }
    if (!isInProfile(host, record)) {
      terminal.line(
        yellow('Not enough yet: '),
        `no profile of ${actor_id} has ${capability_id}; add it in policy.json.`,
      );
    }
    terminal.line(dim('Take it back: '), hint(invocation, `mex grants revoke ${consent_id}`));
    return EXIT.done;
  } finally {
    await closeHost(host);
  }
};

/** A consent adds nothing to a profile; without one, it changes nothing. */
function isInProfile({ policy: { policy } }: Host, { actor_id, capability_id }: ConsentRecord): boolean {
  const own = Object.hasOwn(policy.callers, actor_id) ? policy.callers[actor_id] : undefined;
  const covers = (ids: readonly string[] | undefined): boolean =>
    ids?.some((id) => coversCapability(id, capability_id) || coversCapability(capability_id, id)) ?? false;
  return (own ?? [policy.defaultProfile]).some((name) => covers(policy.profiles[name]));
}
