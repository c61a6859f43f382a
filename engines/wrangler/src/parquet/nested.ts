import type { SchemaTree } from 'hyparquet';
import { isListLike } from 'hyparquet/src/schema.js';
import { type Cell, type CellObject, isList } from '../table/cell.ts';
import { pathKey } from './schema.ts';

/**
 * A nested value in the form of JSON. The library gives maps as lists of entries here: they become an object where
 * all keys are different texts, and pairs where not.
 */
export function tidyNested(value: Cell, node: SchemaTree, maps: ReadonlySet<string>): Cell {
  if (value === undefined || value === null) return null;
  if (maps.has(pathKey(node.path))) return tidyMap(value, node, maps);
  const [only] = node.children;
  if (isListLike(node) && only !== undefined && typeof value === 'object' && isList(value)) {
    // A list's repeated group with one child stands for that child.
    const [inner = only] = only.children;
    const item = only.children.length === 1 ? inner : only;
    return value.map((entry) => tidyOne(entry, item, maps));
  }
  return tidyOne(value, node, maps);
}

function tidyOne(value: Cell, node: SchemaTree, maps: ReadonlySet<string>): Cell {
  if (value === undefined || value === null) return null;
  if (typeof value === 'object' && isList(value)) return value.map((entry) => tidyOne(entry, node, maps));
  if (node.children.length === 0 || typeof value !== 'object') return value;
  if (maps.has(pathKey(node.path))) return tidyMap(value, node, maps);
  return Object.fromEntries(
    node.children.map((child) => [child.element.name, tidyNested(value[child.element.name], child, maps)]),
  );
}

function tidyMap(value: Cell, node: SchemaTree, maps: ReadonlySet<string>): Cell {
  const [group] = node.children;
  if (group === undefined || typeof value !== 'object' || value === null) return null;
  if (isList(value)) return value.map((entry) => tidyMap(entry, node, maps));
  const entries = value[group.element.name];
  const [key, item] = group.children;
  if (key === undefined || item === undefined || typeof entries !== 'object' || entries === null) return null;
  const pairs = (isList(entries) ? entries : []).map((entry): [Cell, Cell] => {
    const { key: own, value: other }: CellObject =
      typeof entry === 'object' && entry !== null && !isList(entry) ? entry : {};
    return [tidyNested(own, key, maps), tidyNested(other, item, maps)];
  });
  const names = new Set(pairs.map(([name]) => name));
  const isPlain =
    names.size === pairs.length && pairs.every(([name]) => typeof name === 'string' && name !== '__proto__');
  return isPlain
    ? Object.fromEntries(pairs.flatMap(([name, own]) => (typeof name === 'string' ? [[name, own]] : [])))
    : pairs;
}
