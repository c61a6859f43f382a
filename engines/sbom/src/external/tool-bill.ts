import { EngineError } from '@mex/engine-sdk';
import { listOf, membersOf, parseToolReport, type TreePaths, textOf } from '@mex/engine-sdk/tools';
import type { JsonObject, JsonValue } from '@mex/envelope/json';

/** One component of a document that a tool wrote. */
export interface ToolComponent {
  readonly ref: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly purl: string | undefined;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly string[];
  readonly dev: boolean;
  readonly optional: boolean;
  /** Files of the input it was found in, sorted. */
  readonly files: readonly string[];
}

/** What a tool's CycloneDX document says. */
export interface ToolBill {
  readonly document: JsonValue;
  readonly components: readonly ToolComponent[];
  readonly edges: ReadonlyMap<string, readonly string[]>;
  /** References of the scanned project itself. */
  readonly roots: ReadonlySet<string>;
  /** As the tool names itself. */
  readonly tool: { readonly name: string; readonly version: string | undefined };
}

const MAX_COMPONENTS = 500_000;
const MAX_DEPTH = 32;
/** Components that no registry publishes as a package. */
const NO_PACKAGES: ReadonlySet<string> = new Set([
  'file',
  'data',
  'device',
  'device-driver',
  'firmware',
  'operating-system',
  'platform',
  'cryptographic-asset',
  'machine-learning-model',
]);
/** Properties in which syft and cdxgen say where they found a component. */
const PLACE = /^(?:SrcFile|syft:location:\d+:path)$/;

/**
 * Reads the CycloneDX document (JSON, 1.4 or later 1.x) of a tool. Whatever does not fit is a failure: half a document
 * would be a bill with packages missing.
 * @throws EngineError `TOOL_REPORT_INVALID`, `TOOL_REPORT_OUTSIDE`
 */
export function readToolBill(tool: string, bytes: Uint8Array, paths: TreePaths): ToolBill {
  const document = parseToolReport(tool, bytes);
  const top = membersOf(document);
  const spec = textOf(top['specVersion']) ?? '';
  const minor = Number(/^1\.(\d{1,3})$/.exec(spec)?.[1] ?? '0');
  if (top['bomFormat'] !== 'CycloneDX' || minor < 4) throw invalid(tool, 'it is no CycloneDX document of 1.4 or later');
  if (top['components'] !== undefined && !Array.isArray(top['components']))
    throw invalid(tool, 'components are no list');
  const metadata = membersOf(top['metadata']);
  const roots = flatten(tool, metadata['component'] === undefined ? [] : [metadata['component']], 0);
  const components = flatten(tool, listOf(top['components']), 0).filter((one) => !isNoPackage(one));
  return {
    document,
    components: components.map((one) => readComponent(tool, one, paths)),
    edges: readEdges(top['dependencies']),
    roots: new Set(roots.flatMap((one) => textOf(one['bom-ref']) ?? [])),
    tool: readTool(tool, metadata['tools']),
  };
}

function invalid(tool: string, what: string): EngineError {
  return new EngineError('TOOL_REPORT_INVALID', `The SBOM of ${tool} cannot be used: ${what}.`);
}

function flatten(tool: string, values: readonly JsonValue[], depth: number): JsonObject[] {
  if (depth > MAX_DEPTH) throw invalid(tool, `its components are nested more than ${MAX_DEPTH} deep`);
  const all = values.flatMap((value) => {
    const one = membersOf(value);
    return [one, ...flatten(tool, listOf(one['components']), depth + 1)];
  });
  if (all.length > MAX_COMPONENTS) throw invalid(tool, `it has more than ${MAX_COMPONENTS} components`);
  return all;
}

function isNoPackage(component: JsonObject): boolean {
  return component['purl'] === undefined && NO_PACKAGES.has(textOf(component['type']) ?? '');
}

function readComponent(tool: string, component: JsonObject, paths: TreePaths): ToolComponent {
  const name = textOf(component['name']);
  if (name === undefined) throw invalid(tool, 'a component has no name');
  const group = textOf(component['group']);
  const purl = textOf(component['purl']);
  const scope = component['scope'];
  const isDev = propertiesOf(component).some(
    ({ name: told, value }) => told === 'cdx:npm:package:development' && value === 'true',
  );
  return {
    ref: textOf(component['bom-ref']) ?? purl ?? name,
    name: group === undefined ? name : `${group}/${name}`,
    version: textOf(component['version']),
    purl,
    hashes: listOf(component['hashes']).flatMap((one) => {
      const { alg, content } = membersOf(one);
      return typeof alg === 'string' && typeof content === 'string' ? [{ alg, content }] : [];
    }),
    licenses: licensesOf(component['licenses']),
    dev: isDev || scope === 'excluded',
    optional: scope === 'optional' && !isDev,
    files: filesOf(component, paths),
  };
}

function propertiesOf(component: JsonObject): { name: string; value: string }[] {
  return listOf(component['properties']).flatMap((one) => {
    const { name, value } = membersOf(one);
    return typeof name === 'string' && typeof value === 'string' ? [{ name, value }] : [];
  });
}

function filesOf(component: JsonObject, paths: TreePaths): string[] {
  const told = propertiesOf(component).flatMap(({ name, value }) => (PLACE.test(name) ? [value] : []));
  const occurrences = listOf(membersOf(component['evidence'])['occurrences']);
  const seen = occurrences.flatMap((one) => textOf(membersOf(one)['location']) ?? []);
  return [...new Set([...told, ...seen].map(paths))].toSorted();
}

function licensesOf(value: JsonValue | undefined): string[] {
  return listOf(value).flatMap((one) => {
    const { expression, license } = membersOf(one);
    const { id, name } = membersOf(license);
    return textOf(expression) ?? textOf(id) ?? textOf(name) ?? [];
  });
}

function readEdges(value: JsonValue | undefined): Map<string, string[]> {
  const edges = new Map<string, string[]>();
  for (const one of listOf(value)) {
    const { ref, dependsOn } = membersOf(one);
    if (typeof ref !== 'string') continue;
    const targets = listOf(dependsOn).filter((target) => typeof target === 'string');
    edges.set(ref, [...(edges.get(ref) ?? []), ...targets]);
  }
  return edges;
}

/** CycloneDX 1.5 has `tools.components`, before it a list. */
function readTool(name: string, value: JsonValue | undefined): ToolBill['tool'] {
  const listed = Array.isArray(value) ? value : listOf(membersOf(value)['components']);
  const found = listed.map(membersOf).find((one) => textOf(one['name']) === name);
  return { name, version: textOf(found?.['version']) };
}
