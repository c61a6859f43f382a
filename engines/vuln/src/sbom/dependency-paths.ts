import type { Sbom, SbomComponent } from './cyclonedx.ts';

/** Packages of a path that are told; what lies between is counted. */
const MAX_TOLD = 24;

/** `name@version` of every step from a project to a component; `undefined` when the document does not connect them. */
export type PathFinder = (ref: string) => readonly string[] | undefined;

/**
 * Shortest paths from the subject and its parts to every component, all found in one pass over the graph. Cycles end
 * where they meet what was seen. Equal length: the one that the document lists first.
 */
export function findPaths(sbom: Sbom): PathFinder {
  const known = new Map<string, SbomComponent>();
  for (const component of [...sbom.roots, ...sbom.components]) known.set(component.ref, component);
  const parents = new Map<string, string | undefined>();
  // The subject comes first: its own paths win over those of its parts.
  const open: string[] = [];
  for (const { ref } of sbom.roots) {
    parents.set(ref, undefined);
    open.push(ref);
  }
  for (let at = 0; at < open.length; at++) {
    const from = open[at] ?? '';
    for (const target of sbom.dependencies.get(from) ?? []) {
      if (parents.has(target) || !known.has(target)) continue;
      parents.set(target, from);
      open.push(target);
    }
  }
  return (ref) => {
    if (!parents.has(ref)) return undefined;
    const path: string[] = [];
    for (let at: string | undefined = ref; at !== undefined; at = parents.get(at)) path.push(label(known.get(at)));
    return shorten(path.reverse());
  };
}

function label(component: SbomComponent | undefined): string {
  if (component === undefined) return '?';
  return component.version === undefined ? component.name : `${component.name}@${component.version}`;
}

function shorten(path: readonly string[]): readonly string[] {
  if (path.length <= MAX_TOLD) return path;
  const half = MAX_TOLD / 2;
  return [...path.slice(0, half), `… ${path.length - MAX_TOLD} more …`, ...path.slice(-half)];
}
