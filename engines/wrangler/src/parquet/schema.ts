import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import { parquetSchema } from 'hyparquet/src/metadata.js';
import {
  getMaxDefinitionLevel,
  getMaxRepetitionLevel,
  getTreePath,
  isListLike,
  isMapLike,
} from 'hyparquet/src/schema.js';
import { LIMITS } from '../limits.ts';
import type { ColumnType } from '../table/column-type.ts';
import { type Leaf, leafOf } from './leaf.ts';
import type { Levels } from './page-audit.ts';
import { parquetInvalid, parquetTooLarge, parquetUnsupported } from './refusal.ts';

/** A leaf column: what the library needs to decode it. */
export interface LeafColumn extends Levels {
  readonly path: readonly string[];
  readonly schemaPath: SchemaTree[];
  readonly leaf: Leaf;
  /** A column of the table itself, and not a part of a nested one. */
  readonly isFlat: boolean;
}

export interface ParquetSchema {
  /** One node a column of the table. */
  readonly columns: readonly SchemaTree[];
  readonly types: readonly ColumnType[];
  readonly leaves: ReadonlyMap<string, LeafColumn>;
  /** Groups that are maps, by path. */
  readonly maps: ReadonlySet<string>;
}

/** Key of a path; names may hold any character but this one. */
export function pathKey(path: readonly string[]): string {
  return path.join('\u0000');
}

/** @throws EngineError `WRANGLER_PARQUET_…`, `WRANGLER_TOO_LARGE` */
export function readSchema({ schema }: FileMetaData, onRounded: () => void): ParquetSchema {
  if (schema.length > LIMITS.maxParquetElements) throw parquetTooLarge(`a schema of ${schema.length} elements`);
  verifyTree(schema);
  const given = parquetSchema({ schema });
  const maps = new Set<string>();
  const tree = parquetSchema({ schema: plainElements(schema, given, maps) });
  const leaves = new Map<string, LeafColumn>();
  collectLeaves(given, tree, onRounded, leaves);
  const types = tree.children.map((child) =>
    child.children.length > 0 || child.element.repetition_type === 'REPEATED'
      ? 'json'
      : (leaves.get(pathKey(child.path))?.leaf.type ?? 'json'),
  );
  return { columns: tree.children, types, leaves, maps };
}

/** Every element has the children it says, names are unique among siblings, and depth has an end. */
function verifyTree(schema: readonly SchemaElement[]): void {
  const open: { left: number; names: Set<string> }[] = [];
  for (const [index, { name, num_children: children = 0, type }] of schema.entries()) {
    const parent = open.at(-1);
    if ((index > 0 && parent === undefined) || typeof name !== 'string') throw parquetInvalid('its schema is no tree');
    if (parent !== undefined) {
      parent.left -= 1;
      if (parent.names.has(name)) throw parquetInvalid('two columns have the same name');
      parent.names.add(name);
    }
    if (index > 0 && (name === '__proto__' || name.includes('\u0000')))
      throw parquetUnsupported('a column with a name that no object can have');
    if (!Number.isInteger(children) || children < 0) throw parquetInvalid('its schema is no tree');
    if (index > 0 && children === 0 && type === undefined) throw parquetInvalid('a column of it has no type');
    if (children > 0) open.push({ left: children, names: new Set() });
    if (open.length > LIMITS.maxParquetDepth) throw parquetTooLarge('columns that are nested too deep');
    while (open.at(-1)?.left === 0) open.pop();
  }
  if (open.length > 0) throw parquetInvalid('its schema is no tree');
}

/**
 * Elements as the library shall see them: no type of a leaf is converted by it but through the one hook it leaves for
 * timestamps, which is ours, and maps are lists of entries, so that no key becomes a member of an object unseen.
 */
function plainElements(schema: readonly SchemaElement[], root: SchemaTree, maps: Set<string>): SchemaElement[] {
  const nodes: SchemaTree[] = [];
  const visit = (node: SchemaTree): void => {
    nodes.push(node);
    for (const child of node.children) visit(child);
  };
  visit(root);
  return schema.map((element, index) => {
    const node = nodes[index];
    const own: SchemaElement = { ...element };
    delete own.converted_type;
    delete own.logical_type;
    if (node === undefined || node.children.length === 0) {
      own.logical_type = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' };
      return own;
    }
    const isList = element.converted_type === 'LIST' || element.logical_type?.type === 'LIST';
    if (isList && isListLike(withType(node, 'LIST'))) own.converted_type = 'LIST';
    const isMap =
      ['MAP', 'MAP_KEY_VALUE'].includes(element.converted_type ?? '') || element.logical_type?.type === 'MAP';
    if (isMap && isMapLike(withType(node, 'MAP'))) maps.add(pathKey(node.path));
    if (element.logical_type?.type === 'VARIANT') throw parquetUnsupported('values of type VARIANT');
    return own;
  });
}

function withType(node: SchemaTree, type: 'LIST' | 'MAP'): SchemaTree {
  return { ...node, element: { ...node.element, converted_type: type } };
}

function collectLeaves(
  given: SchemaTree,
  tree: SchemaTree,
  onRounded: () => void,
  leaves: Map<string, LeafColumn>,
  root = tree,
): void {
  for (const [index, child] of tree.children.entries()) {
    const original = given.children[index];
    if (original === undefined) continue;
    const { type } = child.element;
    if (child.children.length > 0) collectLeaves(original, child, onRounded, leaves, root);
    else if (type !== undefined) {
      const schemaPath = getTreePath(root, child.path);
      leaves.set(pathKey(child.path), {
        type,
        path: child.path,
        schemaPath,
        leaf: leafOf(original.element, onRounded),
        isFlat: tree === root && child.element.repetition_type !== 'REPEATED',
        maxRepetition: getMaxRepetitionLevel(schemaPath),
        maxDefinition: getMaxDefinitionLevel(schemaPath),
      });
    }
  }
}
