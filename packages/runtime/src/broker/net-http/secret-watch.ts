/*
 * Where values of secrets may travel (CONTRACT §9). An engine may have one in its hands: it may read it, or a server said
 * back what it was sent. So every hop is looked over before a byte of it leaves, and every answer before the engine has it.
 *
 * Not caught: values that were changed in a way the leak detector does not know (encrypted, compressed but for a
 * `content-encoding`, cut in parts with other text between, spread over several requests or ranges), what a server tells about
 * a value without saying it, and values that an engine kept from another operation.
 */
import { MexError } from '@mex/envelope';
import { type LeakSearch, searchFor } from '../../leaks.ts';
import type { SecretErrorCode } from '../secrets.ts';
import { decodedBody } from './decoded-body.ts';
import type { Exchanged } from './exchange.ts';
import type { HttpTarget } from './http-target.ts';
import { netError } from './net-errors.ts';
import type { Hop } from './redirect.ts';
import type { Header } from './request-headers.ts';

/** What one operation was handed, and where it may go. The maps only grow. */
export interface WatchedSecrets {
  /** Value → id. */
  readonly handed: ReadonlyMap<string, string>;
  /** Value → id, of those that the engine may not read. */
  readonly hidden: () => ReadonlyMap<string, string>;
  /** Whether a value that the engine itself wrote down may go there. */
  readonly mayGo: (value: string, target: HttpTarget) => boolean;
}

/** A longer body that holds a value is refused, not masked: masking keeps the thread for as long as it takes. */
const MAX_MASKED_BYTES = 256 * 1024;

/** Looks over the traffic of one operation. Work is linear in what is sent and received. */
export class SecretWatch {
  private readonly secrets: WatchedSecrets;

  constructor(secrets: WatchedSecrets) {
    this.secrets = secrets;
  }

  /**
   * Looks over what the engine wrote, before secrets are filled in.
   * @throws MexError `SECRET_HOST_REFUSED` where a value would go to a host that it does not belong to
   */
  async verifyRequest({ target, headers, body }: Hop): Promise<void> {
    const { handed, mayGo } = this.secrets;
    const search = searchFor(handed);
    if (search === undefined) return;
    for (const value of await search.valuesIn([...partsOf(headers), target.href, body ?? '']))
      if (!mayGo(value, target)) throw secretHostRefused(handed.get(value) ?? 'unknown', target.host);
  }

  /** Whether a text shows a value that the engine may not read. */
  showsHidden(text: string): boolean {
    return searchFor(this.secrets.hidden())?.redactor.holdsKnownValue(text) ?? false;
  }

  /**
   * An answer without the values that the engine may not read: masked in headers and in a body that is text.
   * @throws MexError `NETWORK_RESPONSE_SECRET` where that cannot be done
   */
  async clean(answer: Exchanged, target: HttpTarget): Promise<Exchanged> {
    const search = searchFor(this.secrets.hidden());
    if (search === undefined || !(await holdsValue(search, answer))) return answer;
    const { redactor } = search;
    const mask = (text: string): string => (redactor.holdsKnownValue(text) ? redactor.redact(text) : text);
    const headers = answer.headers.map(([name, value]): Header => [name, mask(value)]);
    const text = await textOf(search, answer.body);
    const body = text === undefined ? answer.body : new TextEncoder().encode(mask(text));
    const cleaned = { ...answer, headers, body };
    if (!(await holdsValue(search, cleaned))) return cleaned;
    throw netError(
      'NETWORK_RESPONSE_SECRET',
      `The answer of ${target.host} holds a secret that it was sent, in a form that cannot be masked.`,
      'Ask for something else: the engine may use this secret, but not read it.',
    );
  }
}

/** A secret would go to a host that is not one of its own. */
export function secretHostRefused(id: string, host: string): MexError<SecretErrorCode> {
  return new MexError({
    code: 'SECRET_HOST_REFUSED' satisfies SecretErrorCode,
    kind: 'policy',
    message: `Policy does not let the secret "${id}" go to ${host}.`,
    remedy: 'Name the host under secret_hosts of policy.json, if it belongs there.',
  });
}

/** Names by themselves: they stand between the values, and would keep apart what lies in two of them. */
function partsOf(headers: readonly Header[]): string[] {
  return [headers.map(([name]) => name).join('\n'), '\n', headers.map(([, value]) => value).join('\n'), '\n'];
}

async function holdsValue(search: LeakSearch, answer: Exchanged): Promise<boolean> {
  const found = await search.valuesIn([...partsOf(answer.headers), answer.body]);
  return found.length > 0 || (await search.valuesIn(decodedBody(answer))).length > 0;
}

/** A body that is to be masked, where it is text; `undefined` where it holds nothing, or is none. */
async function textOf(search: LeakSearch, body: Uint8Array): Promise<string | undefined> {
  if (body.byteLength > MAX_MASKED_BYTES || (await search.valuesIn([body])).length === 0) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}
