import { EngineError } from '@mex/engine-sdk';
import { type JsonObject, type JsonValue, parseStrictJson } from '@mex/envelope/json';
import { type Purl, parsePurl } from './purl.ts';

export interface SbomComponent {
  /** Its `bom-ref`, or one made up where the document gives none; unique. */
  readonly ref: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly purlText: string | undefined;
  readonly purl: Purl | undefined;
  readonly kind: 'package' | 'local' | 'other';
  /** Reached only in development. */
  readonly dev: boolean;
  /** Lockfiles that list it, where the document says. */
  readonly lockfiles: readonly string[];
}

export interface Sbom {
  readonly specVersion: string;
  readonly serialNumber: string | undefined;
  readonly version: number;
  readonly subject: {
    readonly ref: string;
    readonly name: string;
    readonly version: string | undefined;
    readonly purl: string | undefined;
  };
  /** The subject and the parts of it (workspace members, the projects of several lockfiles): where paths begin. */
  readonly roots: readonly SbomComponent[];
  readonly components: readonly SbomComponent[];
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** Lockfiles that the document says it could not read. */
  readonly unread: readonly string[];
}

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_COMPONENTS = 500_000;
const MAX_DEPTH = 32;
/** Components that no registry publishes as a package. */
const NOT_PACKAGES = new Set([
  'file',
  'data',
  'device',
  'device-driver',
  'firmware',
  'machine-learning-model',
  'cryptographic-asset',
]);
const DEVELOPMENT = new Set([
  'cdx:npm:package:development',
  'cdx:composer:package:isDevRequirement',
  'mex:package:development',
]);

/**
 * Reads a CycloneDX JSON document of version 1.4 or later 1.x, whoever wrote it.
 * @throws EngineError `VULN_SBOM_INVALID`
 */
export function readSbom(bytes: Uint8Array): Sbom {
  const document = object(parse(bytes), 'it');
  if (document['bomFormat'] !== 'CycloneDX') throw invalid('it does not call itself CycloneDX');
  const specVersion = document['specVersion'];
  const minor = typeof specVersion === 'string' ? /^1\.(\d{1,3})$/.exec(specVersion)?.[1] : undefined;
  if (typeof specVersion !== 'string' || minor === undefined || Number(minor) < 4)
    throw invalid('its specVersion is not 1.4 or a later 1.x');
  const metadata = document['metadata'] === undefined ? {} : object(document['metadata'], 'metadata');
  const reader = new ComponentReader();
  const subject = metadata['component'] === undefined ? undefined : object(metadata['component'], 'metadata.component');
  const roots = subject === undefined ? [] : reader.readTree([subject], 'local', 0);
  const components = reader.readTree(list(document['components'], 'components'), 'package', 0);
  const [root] = roots;
  const { serialNumber, version } = document;
  return {
    specVersion,
    serialNumber:
      typeof serialNumber === 'string' && /^urn:uuid:[0-9a-f-]{36}$/i.test(serialNumber) ? serialNumber : undefined,
    version: typeof version === 'number' && Number.isInteger(version) && version > 0 ? version : 1,
    subject: {
      ref: root?.ref ?? 'mex:subject',
      name: root?.name ?? 'unnamed',
      version: root?.version,
      purl: root?.purlText,
    },
    roots,
    components,
    dependencies: readDependencies(document['dependencies']),
    unread: properties(metadata, 'mex:lockfile:unread'),
  };
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return parseStrictJson(text, { maxBytes: MAX_BYTES, maxKeys: 20_000_000, maxDepth: 128 });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'not UTF-8';
    throw invalid(`it is no JSON document that can be taken (${code})`);
  }
}

function invalid(what: string): EngineError {
  return new EngineError('VULN_SBOM_INVALID', `The first input is no CycloneDX document that can be used: ${what}.`);
}

function object(value: JsonValue | undefined, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(`${what} is no object`);
}

function list(value: JsonValue | undefined, what: string): readonly JsonValue[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw invalid(`${what} is no list`);
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

class ComponentReader {
  private readonly refs = new Set<string>();
  private count = 0;

  /** Components may hold components: they are all listed, the outer ones first. */
  readTree(values: readonly JsonValue[], kind: 'package' | 'local', depth: number): SbomComponent[] {
    if (depth > MAX_DEPTH) throw invalid(`components are nested more than ${MAX_DEPTH} levels deep`);
    return values.flatMap((value) => {
      const component = object(value, 'a component');
      const read = this.read(component, kind);
      return [read, ...this.readTree(list(component['components'], 'components'), kind, depth + 1)];
    });
  }

  private read(component: JsonObject, place: 'package' | 'local'): SbomComponent {
    this.count++;
    if (this.count > MAX_COMPONENTS) throw invalid(`it has more than ${MAX_COMPONENTS} components`);
    const name = text(component['name']);
    if (name === undefined) throw invalid('a component has no name');
    const group = text(component['group']);
    const purlText = text(component['purl']);
    const [source] = properties(component, 'mex:package:source');
    const isLocal = place === 'local' || (purlText === undefined && (source === 'workspace' || source === 'path'));
    const type = text(component['type']);
    const isOther = purlText === undefined && type !== undefined && NOT_PACKAGES.has(type);
    return {
      ref: this.refOf(component, purlText),
      name: group === undefined ? name : `${group}/${name}`,
      version: text(component['version']),
      purlText,
      purl: purlText === undefined ? undefined : parsePurl(purlText),
      kind: isLocal ? 'local' : isOther ? 'other' : 'package',
      dev:
        component['scope'] === 'excluded' ||
        [...DEVELOPMENT].some((one) => properties(component, one).includes('true')),
      lockfiles: properties(component, 'mex:lockfile'),
    };
  }

  private refOf(component: JsonObject, purl: string | undefined): string {
    const given = text(component['bom-ref']) ?? purl ?? 'component';
    let ref = given;
    while (this.refs.has(ref)) ref = `${given}#${this.count}`;
    this.refs.add(ref);
    return ref;
  }
}

function properties(holder: JsonObject, wanted: string): string[] {
  const found: string[] = [];
  if (!Array.isArray(holder['properties'])) return found;
  for (const one of holder['properties']) {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) continue;
    if (one['name'] === wanted && typeof one['value'] === 'string') found.push(one['value']);
  }
  return found;
}

function readDependencies(value: JsonValue | undefined): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of list(value, 'dependencies')) {
    const { ref, dependsOn } = object(one, 'a dependency');
    const from = text(ref);
    if (from === undefined) throw invalid('a dependency has no ref');
    const targets = list(dependsOn, 'dependsOn').flatMap((target) => text(target) ?? []);
    found.set(from, [...(found.get(from) ?? []), ...targets]);
  }
  return found;
}
