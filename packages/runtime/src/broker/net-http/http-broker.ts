/*
 * How `net.http` decides (CONTRACT §7, §9 Network). The engine is hostile, and so is every server.
 *
 * 1. The call is checked within bounds; its URL is read once (`http-target.ts`), and only what was read is used later.
 * 2. The host must be granted. Nothing is resolved before that: a DNS query would carry data out. What the engine wrote
 *    is looked over for values of secrets that do not belong there (`secret-watch.ts`); then secrets are asked for and
 *    filled into headers, for this origin.
 * 3. The host's addresses are resolved once, all are checked (`resolve-host.ts`), and the connection goes to one of
 *    these very addresses: a name that changes its mind (rebinding) is not asked again.
 * 4. Grant and consent are asked again before the first byte.
 * 5. One connection carries one request and its answer, and is destroyed. Every byte is paid for as it passes.
 * 6. Values that the engine may not read are masked in the answer.
 * 7. A redirect starts again at 2 with fewer headers, or is refused.
 * The first failure, deadline, or the end of the operation destroys whatever the call holds.
 */
import { MexError } from '@mex/envelope';
import { JobStop } from '../../sandbox/tier.ts';
import { CallScope } from './call-scope.ts';
import { openConnection } from './connect.ts';
import { type Exchanged, exchangeOn, tooSlow } from './exchange.ts';
import type { HostAddress } from './host-scope.ts';
import { type HttpCall, type HttpPlan, parseCall } from './http-call.ts';
import { HTTP_LIMITS, type HttpLimits } from './http-limits.ts';
import { carriesValue, type HttpRecord, recordedPath } from './http-record.ts';
import { badRedirect, type HttpTarget } from './http-target.ts';
import { invalidRequest, netError } from './net-errors.ts';
import { type Hop, isRedirect, nextHop } from './redirect.ts';
import { fillSecrets, type Header, hasSecret } from './request-headers.ts';
import { isListedHost, type Lookup, resolveHost, systemLookup } from './resolve-host.ts';
import { SecretWatch, type WatchedSecrets } from './secret-watch.ts';
import { Turns } from './turns.ts';

/** What an engine gets back. All of it is the server's word. */
export interface HttpAnswer {
  readonly status: number;
  /** Where the answer came from, without fragment. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** How many redirects were followed. */
  readonly redirects: number;
  /** As it was sent: a `content-encoding` is not undone. */
  readonly body: Uint8Array;
}

/** Where a host is said to be; `undefined` for one that is looked up like any other. */
export type Dial = (target: HostAddress) => { readonly address: string; readonly port: number } | undefined;

/** What a broker of one operation needs. */
export interface HttpBrokerOptions {
  /**
   * Whether `net.http:<scope>` is granted at this moment, by the Grant and by a consent that is still in force. Asked
   * before a host is resolved and again before it is sent anything, for every hop. `matchHostScope` compares a granted
   * scope with `target`; a grant without scope covers all.
   */
  readonly isGranted: (scope: string, target: HostAddress) => boolean;
  /** Scopes (`host`, `host:port`) whose private addresses the operator allows, in lower case. */
  readonly privateHosts: readonly string[];
  /** Throws JobStop when the budget does not hold this much. */
  readonly spend: (field: 'net_requests' | 'net_bytes', amount: number) => void;
  readonly remaining: (field: 'net_bytes') => number;
  /** The value of a secret for this origin. Throws MexError when it is not granted. */
  readonly secret: (id: string, origin: string) => Promise<string>;
  /** What was handed out so far, through `secret` or otherwise. */
  readonly watched: WatchedSecrets;
  /** The end of the operation, e.g. because a consent was revoked: every connection dies with it. */
  readonly signal: AbortSignal;
  /** Smaller bounds than `HTTP_LIMITS`, e.g. `responseBytes` where the engine has less memory. */
  readonly limits?: Partial<HttpLimits>;
  readonly lookup?: Lookup;
  /** The embedding application's word on where hosts are: its addresses are not checked. */
  readonly dial?: Dial;
  /** PEM certificates to trust instead of Node's. */
  readonly ca?: string | readonly string[];
  /** A clock in milliseconds, for `HttpRecord.ms`. */
  readonly now?: () => number;
}

/** Records kept of one operation; `HttpBroker.requests` counts them all. */
const MAX_RECORDS = 1_000;

/** `net.http`: makes HTTP requests for the engine of one operation. */
export class HttpBroker {
  /** The first requests, in the order in which they ended. */
  readonly records: HttpRecord[] = [];
  /** How many requests were made or refused, redirects counted each. */
  requests = 0;
  private readonly options: HttpBrokerOptions;
  private readonly limits: HttpLimits;
  private readonly turns: Turns;
  private readonly watch: SecretWatch;
  private readonly secrets = new Set<string>();
  private readonly needed = new WeakMap<Error, string>();

  constructor(options: HttpBrokerOptions) {
    this.options = options;
    this.limits = { ...HTTP_LIMITS, ...options.limits };
    this.turns = new Turns(this.limits.concurrent);
    this.watch = new SecretWatch(options.watched);
  }

  /**
   * Makes one request, and the ones that its redirects lead to.
   * @throws MexError of `NetErrorCode`, or what `secret` throws; JobStop when it ends the operation, or comes after its end
   */
  async request(call: HttpCall): Promise<HttpAnswer> {
    const plan = parseCall(call, this.limits);
    if (carriesValue(plan.target, this.secrets)) {
      throw invalidRequest('The URL carries a secret.', 'Send secrets in headers, as {{secret:<id>}}.');
    }
    const scope = new CallScope(this.options.signal, endOfOperation);
    try {
      await this.takeTurn(scope);
      scope.limit(plan.timeoutMs, () => tooSlow(plan.target, 'did not finish'));
      return await this.follow(plan, scope);
    } finally {
      scope.close();
    }
  }

  /** The capability that the request which failed with this needed; `undefined` where it did not come to a request. */
  capabilityOf(thrown: Error): string | undefined {
    return this.needed.get(thrown);
  }

  private async takeTurn(scope: CallScope): Promise<void> {
    const turn = this.turns.take();
    void turn.then(() => scope.onClose(() => this.turns.give()));
    await scope.race(turn);
  }

  private async follow(plan: HttpPlan, scope: CallScope): Promise<HttpAnswer> {
    let hop: Hop = plan;
    for (let redirects = 0; ; redirects += 1) {
      const { status, headers, locations, body } = await this.perform(hop, redirects, plan, scope);
      if (!plan.follows || !isRedirect(status, locations)) {
        return { status, url: hop.target.href, headers, redirects, body };
      }
      if (redirects === this.limits.redirects) throw badRedirect(hop.target, `after ${redirects} redirects already`);
      const next = nextHop(hop, status, locations);
      if (carriesValue(next.target, this.secrets) || this.watch.showsHidden(next.target.href))
        throw badRedirect(hop.target, 'to a URL that carries a secret');
      hop = next;
    }
  }

  /** One hop, and its record. */
  private async perform(hop: Hop, redirects: number, plan: HttpPlan, scope: CallScope): Promise<Exchanged> {
    const { now = () => performance.now() } = this.options;
    const started = now();
    const bytes = { sent: 0, received: 0 };
    let status: number | undefined;
    let code: string | undefined;
    const { target, method } = hop;
    const capabilityId = `net.http:${target.scope}`;
    try {
      const answer = await scope.race(this.watch.clean(await this.send(hop, plan, scope, bytes), target));
      status = answer.status;
      return answer;
    } catch (thrown) {
      code = thrown instanceof MexError || thrown instanceof JobStop ? thrown.code : 'INTERNAL';
      if (thrown instanceof Error) this.needed.set(thrown, capabilityId);
      throw thrown;
    } finally {
      this.record({
        method,
        origin: target.origin,
        path: recordedPath(target),
        capabilityId,
        hop: redirects,
        status,
        code,
        bytesSent: bytes.sent,
        bytesReceived: bytes.received,
        ms: Math.max(0, now() - started),
      });
    }
  }

  private async send(
    hop: Hop,
    plan: HttpPlan,
    scope: CallScope,
    bytes: { sent: number; received: number },
  ): Promise<Exchanged> {
    const { lookup = systemLookup, privateHosts, spend, remaining, ca } = this.options;
    const { limits } = this;
    const { target, method, headers, body } = hop;
    this.verifyGranted(target);
    spend('net_requests', 1);
    await scope.race(this.watch.verifyRequest(hop));
    const reached = scope.limit(limits.connectMs, () => tooSlow(target, 'could not be reached'));
    const filled = await scope.race(this.fill(headers, target));
    const staged = this.options.dial?.(target);
    const found = staged ? [staged.address] : await scope.race(resolveHost(target, lookup, privateHosts));
    const addresses = found.slice(0, limits.addresses);
    const port = staged?.port ?? target.port;
    const socket = await openConnection({ target, addresses, port, attemptMs: limits.attemptMs, ca }, scope);
    reached();
    this.verifyGranted(target);
    const onBytes = (direction: 'sent' | 'received', count: number): void => {
      bytes[direction] += count;
      spend('net_bytes', count);
    };
    const maxBytes = Math.min(plan.maxBytes, Math.max(0, remaining('net_bytes')));
    const readsBody = (status: number, locations: readonly string[]): boolean =>
      !plan.follows || !isRedirect(status, locations);
    const request = { target, method, headers: filled, body };
    return exchangeOn(socket, { ...request, maxBytes, limits, readsBody, onBytes }, scope);
  }

  /** Values are remembered before anything is done with them. */
  private fill(headers: readonly Header[], target: HttpTarget): Promise<Header[]> {
    const isReadable = target.protocol === 'http:' && !isListedHost(target, this.options.privateHosts);
    if (isReadable && headers.some(hasSecret)) {
      throw invalidRequest('A secret would be sent over plain http.', 'Use https, or leave the secret out.');
    }
    const secret = async (id: string): Promise<string> => {
      const value = await this.options.secret(id, target.origin);
      if (value !== '') this.secrets.add(value);
      return value;
    };
    return fillSecrets(headers, secret, this.limits);
  }

  private verifyGranted(target: HttpTarget): void {
    if (this.options.isGranted(target.scope, target)) return;
    const message = `net.http:${target.scope} is not granted to this operation.`;
    throw netError('NETWORK_BLOCKED', message, `It needs a consent: mex grants allow net.http:${target.scope}`);
  }

  private record(entry: HttpRecord): void {
    this.requests += 1;
    if (this.records.length < MAX_RECORDS) this.records.push(entry);
  }
}

function endOfOperation(): JobStop {
  return new JobStop('SANDBOX_PROTOCOL', 'the operation is over');
}
