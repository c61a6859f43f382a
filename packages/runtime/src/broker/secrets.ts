import { MexError } from '@mex/envelope';
import { redact, SHORTEST_KNOWN_VALUE, stripControl } from '@mex/guard';

/** Where the values of secrets come from: the operator's keeping, never an envelope (CONTRACT §9). */
export interface SecretSource {
  /** The value, or `undefined` where there is none by that id. */
  readonly value: (id: string) => Promise<string | undefined>;
}

/** Codes an engine may see when a secret is refused. */
export type SecretErrorCode =
  | 'SECRET_UNKNOWN'
  | 'SECRET_NOT_READABLE'
  | 'SECRET_TOO_SHORT'
  | 'SECRET_UNAVAILABLE'
  | 'SECRET_HOST_REFUSED';

/** `secrets.use`: values for requests that the broker makes, and, where manifest and policy both say so, for the engine. */
export class SecretHolder {
  /** Value → id of everything that left MEX, to an engine or into a request, also values that were replaced meanwhile. */
  readonly handed = new Map<string, string>();
  private readonly unread = new Map<string, string>();
  private readonly ids = new Map<string, Set<string>>();
  /** Id → origins that requests took it to. */
  private readonly origins = new Map<string, Set<string>>();
  private readonly source: SecretSource | undefined;
  private readonly readable: ReadonlySet<string>;

  /** @param readable ids whose value the engine itself may see. */
  constructor(source: SecretSource | undefined, readable: Iterable<string>) {
    this.source = source;
    this.readable = new Set(readable);
  }

  /** Of what was handed out, the values that the engine may not read: the same map where that is all, searched for once. */
  get hidden(): ReadonlyMap<string, string> {
    return this.unread.size === this.handed.size ? this.handed : this.unread;
  }

  /** For a request that the broker makes. The capability was checked, and that it may go to this origin. */
  async useAt(id: string, origin: string): Promise<string> {
    const value = await this.use(id);
    this.origins.set(id, (this.origins.get(id) ?? new Set()).add(origin));
    return value;
  }

  /** Ids under which a value was handed out. Two secrets may have one value. */
  idsOf(value: string): readonly string[] {
    return [...(this.ids.get(value) ?? [])];
  }

  /** Whether the engine may take a value there by itself: it may read it, or had it sent there already. */
  isKnownAt(id: string, origin: string): boolean {
    return this.readable.has(id) || (this.origins.get(id)?.has(origin) ?? false);
  }

  private async use(id: string): Promise<string> {
    const value = await this.ask(id);
    if (value === undefined || value === '') {
      throw new MexError({
        code: 'SECRET_UNKNOWN' satisfies SecretErrorCode,
        kind: 'capability',
        message: `There is no secret "${id}".`,
        remedy: 'Ask the operator to keep it under this id.',
      });
    }
    if (value.length < SHORTEST_KNOWN_VALUE) {
      throw new MexError({
        code: 'SECRET_TOO_SHORT' satisfies SecretErrorCode,
        kind: 'policy',
        message: `The secret "${id}" has fewer than ${SHORTEST_KNOWN_VALUE} characters: it could not be told from other text.`,
        remedy: 'Ask the operator for a longer one.',
      });
    }
    this.handed.set(value, id);
    this.ids.set(value, (this.ids.get(value) ?? new Set()).add(id));
    if (!this.readable.has(id)) this.unread.set(value, id);
    return value;
  }

  /** What is wrong with the keeping is the operator's business; the engine hears that there is no value. */
  private async ask(id: string): Promise<string | undefined> {
    try {
      return await this.source?.value(id);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : 'unknown cause';
      process.emitWarning(redact(stripControl(`The secret "${id}" could not be read: ${why}`)), 'MexWarning');
      throw new MexError({
        code: 'SECRET_UNAVAILABLE' satisfies SecretErrorCode,
        kind: 'policy',
        message: `The secret "${id}" could not be read.`,
        remedy: 'Ask the operator: the log on stderr says why.',
        cause,
      });
    }
  }

  /** For the engine's own eyes. */
  async read(id: string): Promise<string> {
    if (this.readable.has(id)) return this.use(id);
    throw new MexError({
      code: 'SECRET_NOT_READABLE' satisfies SecretErrorCode,
      kind: 'capability',
      message: `The value of "${id}" may be used in requests, not read.`,
      remedy: `Write {{secret:${id}}} into a header of fetch(); or have manifest and policy name it as readable.`,
    });
  }
}
