import type { SnapshotRecord } from '@mex/advisories/snapshot';

/**
 * Which records describe one vulnerability: those that name each other, or a third name in common, as aliases. Returns a
 * function from the id of a record to a name of its group.
 */
export function groupByAlias(records: readonly Pick<SnapshotRecord, 'id' | 'aliases'>[]): (id: string) => string {
  const parents = new Map<string, string>();
  const find = (name: string): string => {
    let root = name;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root)) root = next;
    // Shortens the way for the next time: chains would make this quadratic.
    for (let at = name; at !== root; ) {
      const next = parents.get(at) ?? root;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  for (const { id, aliases } of records) {
    if (!parents.has(id)) parents.set(id, id);
    for (const alias of aliases) {
      if (!parents.has(alias)) parents.set(alias, alias);
      parents.set(find(alias), find(id));
    }
  }
  return find;
}
