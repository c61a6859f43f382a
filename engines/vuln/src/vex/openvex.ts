import { EngineError } from '@mex/engine-sdk';
import { type JsonObject, type JsonValue, parseStrictJson } from '@mex/envelope/json';

type VexStatus = 'not_affected' | 'affected' | 'fixed' | 'under_investigation';

/** A thing that a statement speaks of, by its identifiers: `@id` and purl. */
interface VexProduct {
  readonly identifiers: readonly string[];
  /** Parts of the product; when there are some, the statement speaks of them alone. */
  readonly parts: readonly string[];
}

export interface VexStatement {
  /** Place in its document, for messages: `statements[3]`. */
  readonly place: string;
  /** The document's `@id`. */
  readonly document: string;
  readonly status: VexStatus;
  /** Every name of the vulnerability. */
  readonly names: readonly string[];
  readonly products: readonly VexProduct[];
  readonly author: string;
  /** RFC 3339; the later of two statements on one thing holds. */
  readonly issued: string;
  readonly justification: string | undefined;
  /**
   * Why: justification, impact statement, and notes without the expiry. Empty when nothing is said, and for `not_affected`
   * without one of the first two, which OpenVEX demands.
   */
  readonly reason: string;
  /** Instant from which the statement counts as absent; `undefined` when it states none. */
  readonly expires: string | undefined;
}

const MAX_BYTES = 16 * 1024 * 1024;
const STATUSES: readonly VexStatus[] = ['not_affected', 'affected', 'fixed', 'under_investigation'];
const JUSTIFICATIONS = new Set([
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
]);
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
/** OpenVEX has no member for it and allows no others: a line of `status_notes`. A date holds to its end, in UTC. */
const EXPIRES = /(?:^|\n)[ \t]*expires:[ \t]*(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)?)[ \t\r]*(?=\n|$)/i;

/**
 * Reads an OpenVEX 0.2 document.
 * @throws EngineError `VULN_VEX_INVALID` when it is none, or when one of its statements could not be taken as it stands
 */
export function readOpenVex(bytes: Uint8Array, name: string): VexStatement[] {
  const fail = (what: string): never => {
    throw new EngineError(
      'VULN_VEX_INVALID',
      `The allow list ${name} is no OpenVEX document that can be used: ${what}.`,
    );
  };
  const reader = new VexReader(fail);
  const document = reader.object(parse(bytes, fail), 'it');
  const context = document['@context'];
  if (typeof context !== 'string' || !/^https:\/\/openvex\.dev\/ns(?:\/v0\.\d+\.\d+)?$/.test(context))
    fail('its @context is not that of OpenVEX 0.x');
  if (typeof document['version'] !== 'number') fail('it has no version number');
  const id = reader.text(document['@id'], '@id');
  const author = reader.text(document['author'], 'author');
  const issued = reader.instant(document['timestamp'], 'timestamp');
  const { statements } = document;
  if (!Array.isArray(statements) || statements.length === 0) return fail('it has no statements');
  return statements.map((one, index) => {
    const place = `statements[${index}]`;
    return reader.statement(reader.object(one, place), { place, document: id, author, issued });
  });
}

function parse(bytes: Uint8Array, fail: (what: string) => never): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), {
      maxBytes: MAX_BYTES,
      maxKeys: 1_000_000,
    });
  } catch (cause) {
    return fail(`it is no JSON (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'not UTF-8'})`);
  }
}

type Inherited = Pick<VexStatement, 'place' | 'document' | 'author' | 'issued'>;

class VexReader {
  private readonly fail: (what: string) => never;

  constructor(fail: (what: string) => never) {
    this.fail = fail;
  }

  statement(value: JsonObject, inherited: Inherited): VexStatement {
    const { place } = inherited;
    const status = STATUSES.find((one) => one === value['status']) ?? this.fail(`${place} has no known status`);
    const { justification, supplier } = value;
    if (justification !== undefined && (typeof justification !== 'string' || !JUSTIFICATIONS.has(justification)))
      this.fail(`${place} has no known justification`);
    const notes = this.optionalText(value['status_notes'], `${place}.status_notes`);
    const impact = this.optionalText(value['impact_statement'], `${place}.impact_statement`);
    const issued = value['last_updated'] ?? value['timestamp'];
    const kind = typeof justification === 'string' ? justification : undefined;
    return {
      ...inherited,
      ...(issued === undefined ? {} : { issued: this.instant(issued, `${place}.timestamp`) }),
      ...(supplier === undefined ? {} : { author: this.text(supplier, `${place}.supplier`) }),
      status,
      names: this.names(value['vulnerability'], place),
      products: this.list(value['products'], `${place}.products`).map((one) => this.product(one, place)),
      justification: kind,
      reason:
        status === 'not_affected' && kind === undefined && impact === ''
          ? ''
          : [kind, impact, notes.replace(EXPIRES, '').trim()]
              .filter((part) => part !== undefined && part !== '')
              .join('; '),
      expires: this.expiry(notes, place),
    };
  }

  object(value: JsonValue | undefined, what: string): JsonObject {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    return this.fail(`${what} is no object`);
  }

  text(value: JsonValue | undefined, what: string): string {
    return typeof value === 'string' && value.trim() !== '' ? value : this.fail(`${what} is no text`);
  }

  instant(value: JsonValue | undefined, what: string): string {
    if (typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value))) return value;
    return this.fail(`${what} is no RFC 3339 instant`);
  }

  private list(value: JsonValue | undefined, what: string): readonly JsonValue[] {
    if (value === undefined) return [];
    return Array.isArray(value) ? value : this.fail(`${what} is no list`);
  }

  private optionalText(value: JsonValue | undefined, what: string): string {
    return value === undefined ? '' : this.text(value, what);
  }

  private names(value: JsonValue | undefined, place: string): string[] {
    const vulnerability = this.object(value, `${place}.vulnerability`);
    const aliases = this.list(vulnerability['aliases'], `${place}.vulnerability.aliases`);
    return [
      this.text(vulnerability['name'], `${place}.vulnerability.name`),
      ...aliases.map((one) => this.text(one, `${place}.vulnerability.aliases`)),
    ];
  }

  private product(value: JsonValue, place: string): VexProduct {
    const product = this.object(value, `${place}.products`);
    const parts = this.list(product['subcomponents'], `${place}.products.subcomponents`);
    return {
      identifiers: this.identifiers(product, place),
      parts: parts.flatMap((one) => this.identifiers(this.object(one, `${place}.products.subcomponents`), place)),
    };
  }

  private identifiers(product: JsonObject, place: string): string[] {
    const { purl } =
      product['identifiers'] === undefined ? {} : this.object(product['identifiers'], `${place}.identifiers`);
    const found = [product['@id'], purl].filter((one) => one !== undefined);
    return found.map((one) => this.text(one, `${place}.products`));
  }

  private expiry(notes: string, place: string): string | undefined {
    const stated = EXPIRES.exec(notes)?.[1];
    if (stated === undefined) {
      // A misspelt expiry must not pass as none: the entry would look complete and never count.
      return /(?:^|\n)[ \t]*expires\b/i.test(notes)
        ? this.fail(`${place} states an expiry that is no date`)
        : undefined;
    }
    const instant = stated.includes('T') ? stated : `${stated}T23:59:59Z`;
    return this.instant(instant, `${place}: its expiry`);
  }
}
