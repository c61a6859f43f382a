import type { ApprovalRule } from '../governance-policy.ts';
import { CLOUD_ENGINE } from './cloud-engine.ts';

/** A model elsewhere, as the operator names it. */
export interface CloudModel {
  /** Where payloads go, by POST. `https:`, or `http:` on this machine. */
  readonly url: string;
  /** Sent along; `{{secret:<id>}}` stands for a secret, with its own consent. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What may leave for models elsewhere (CONTRACT §12). A policy without it sends nothing. */
export interface CloudPolicy {
  /** By model id. */
  readonly models: Readonly<Record<string, CloudModel>>;
  /** Largest payload, in bytes. */
  readonly maxBytes: number;
  readonly approvals: number;
  /** Who may consent; empty: any person. */
  readonly approvers: readonly string[];
}

/** Largest payload when nobody says, in bytes. */
export const DEFAULT_CLOUD_BYTES = 65_536;

/** Every payload is decided by a person; comes before the operator's rules, so that none of them is looser. */
export function cloudRule({ approvals, approvers }: CloudPolicy): ApprovalRule {
  return {
    when: { engine: CLOUD_ENGINE },
    gateType: 'CloudEscalation',
    approvals,
    approvers,
    reason: 'A payload would leave for a model elsewhere. Read it first: mex artifacts cat <sha256 of its input>',
  };
}

/** The capability that a destination needs: its host, with the port if it is not the usual one. */
export function destinationCapability(url: string): string {
  const { hostname, port } = new URL(url);
  return `net.http:${hostname}${port === '' ? '' : `:${port}`}`;
}

/** Ids of the secrets that headers name. */
export function secretsOf({ headers }: CloudModel): string[] {
  const named = Object.values(headers).flatMap((value) => [...value.matchAll(/\{\{secret:([A-Za-z0-9._-]+)\}\}/g)]);
  return [...new Set(named.flatMap(([, id]) => id ?? []))];
}
