import { type EngineContext, EngineError, type HttpResponse } from '@mex/engine-sdk';
import { type JsonValue, parseStrictJson } from '@mex/envelope/json';

const MIB = 1024 * 1024;
/** Answers of one batch, and one record: the largest have a few MiB of version lists. */
const MAX_BYTES = 32 * MIB;
const BOUNDS = { maxBytes: MAX_BYTES, maxStringBytes: MAX_BYTES, maxKeys: 2_000_000, maxDepth: 128 };
const ATTEMPTS = 3;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** The server is busy or broken for the moment; anything else it says is its last word. */
const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Talks to an OSV server through the broker. Whatever is no answer is a failure, never "nothing known" (CONTRACT §14 E). */
export class OsvApi {
  readonly #context: Pick<EngineContext, 'fetch'>;
  readonly #base: string;

  /** @param base address of the server, without a path of its own */
  constructor(context: Pick<EngineContext, 'fetch'>, base: string) {
    this.#context = context;
    this.#base = base.replace(/\/+$/, '');
  }

  /** @throws EngineError `VULN_API_FAILED`, `VULN_API_INVALID`; MexError `NETWORK_…` of the broker */
  async post(path: string, body: object): Promise<JsonValue> {
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    return this.#ask(path, () =>
      this.#context.fetch({
        url: `${this.#base}${path}`,
        method: 'POST',
        headers,
        body: JSON.stringify(body),
        redirect: 'refuse',
        maxBytes: MAX_BYTES,
      }),
    );
  }

  /** @throws as `post` */
  async get(path: string): Promise<JsonValue> {
    return this.#ask(path, () =>
      this.#context.fetch({
        url: `${this.#base}${path}`,
        headers: { accept: 'application/json' },
        redirect: 'refuse',
        maxBytes: MAX_BYTES,
      }),
    );
  }

  async #ask(path: string, send: () => Promise<HttpResponse>): Promise<JsonValue> {
    for (let attempt = 1; ; attempt++) {
      const response = await send();
      if (response.status === 200) return parse(path, response.body);
      const passes = PASSING.has(response.status);
      if (!passes || attempt === ATTEMPTS) {
        const message = `The OSV server answered ${path} with status ${response.status}${passes ? `, ${attempt} times` : ''}.`;
        throw new EngineError('VULN_API_FAILED', message, { retryable: passes });
      }
      await wait(waitOf(response, attempt));
    }
  }
}

function parse(path: string, body: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(body), BOUNDS);
  } catch (cause) {
    throw new EngineError('VULN_API_INVALID', `The OSV server answered ${path} with something that is no JSON.`, {
      cause,
    });
  }
}

function waitOf({ headers }: HttpResponse, attempt: number): number {
  const told = headers.find(([name]) => name.toLowerCase() === 'retry-after')?.[1] ?? '';
  const wanted = /^\d{1,4}$/.test(told) ? Number(told) * 1_000 : FIRST_WAIT_MS * 2 ** (attempt - 1);
  return Math.min(LONGEST_WAIT_MS, wanted);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
