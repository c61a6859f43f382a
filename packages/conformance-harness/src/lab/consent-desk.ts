import { findCapability } from '@mex/envelope';
import type { Host } from '@mex/host';
import { OPERATOR } from './people.ts';

/** Consents of one host, given once for each caller and capability. */
export class ConsentDesk {
  private readonly host: Pick<Host, 'consents'>;
  private readonly known = new Map<string, Promise<string>>();

  constructor(host: Pick<Host, 'consents'>) {
    this.host = host;
  }

  /** Ids of consents for those of the capabilities that need one. */
  async refs(actorId: string, capabilities: readonly string[]): Promise<string[]> {
    const needed = capabilities.filter((id) => findCapability(id)?.needsConsent === true);
    return Promise.all(needed.map((capabilityId) => this.consent(actorId, capabilityId)));
  }

  /** A consent of its own, that a probe may revoke. */
  async give(actorId: string, capabilityId: string): Promise<string> {
    const { consent_id } = await this.host.consents.allow({ actorId, capabilityId }, OPERATOR);
    return consent_id;
  }

  private consent(actorId: string, capabilityId: string): Promise<string> {
    const key = `${actorId} ${capabilityId}`;
    const given = this.known.get(key) ?? this.give(actorId, capabilityId);
    this.known.set(key, given);
    return given;
  }
}
