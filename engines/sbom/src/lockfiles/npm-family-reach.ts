/** How a root asks for a package. */
export type DependencyGroup = 'prod' | 'dev' | 'optional';

/** Whether a package serves development only, and whether an installation may go without it. */
export interface Marks {
  readonly dev: boolean;
  readonly optional: boolean;
}

/** One package as the marking sees it. */
export interface ReachNode {
  /** Key → whether the dependency is optional. */
  edges: Map<string, boolean> | undefined;
  /** How the project's roots ask for it: `groupBit`s, 0 when they do not. */
  groups: number;
  /** A workspace member: its own dependencies are roots, so the walk does not pass through it. */
  readonly isRoot: boolean;
}

// What is known of a package: there is a path to it from …
const REACHED = 1; // any root
const NEEDED = 2; // any root, without an optional step
const SHIPPED = 4; // a production dependency
const SHIPPED_NEEDED = 8; // a production dependency, without an optional step
const THROUGH_OPTIONAL = REACHED | SHIPPED;

/** The bits a root gives the packages it depends on directly. */
export function groupBit(group: DependencyGroup): number {
  if (group === 'dev') return REACHED | NEEDED;
  return group === 'optional' ? THROUGH_OPTIONAL : REACHED | NEEDED | SHIPPED | SHIPPED_NEEDED;
}

/**
 * Marks every reached package: `dev` when no production dependency of any root leads to it; `optional` when, within
 * production (or within development for a `dev` one), only paths with an optional step lead to it. Packages that nothing
 * reaches are not in the result.
 */
export function markReach(graph: ReadonlyMap<string, ReachNode>): Map<string, Marks> {
  const marks = new Map<string, Marks>();
  for (const [key, bits] of reach(graph)) {
    const dev = (bits & SHIPPED) === 0;
    marks.set(key, { dev, optional: (bits & (dev ? NEEDED : SHIPPED_NEEDED)) === 0 });
  }
  return marks;
}

/** A work list instead of recursion, and a package returns to it only when it has gained a bit: four times at most. */
function reach(graph: ReadonlyMap<string, ReachNode>): Map<string, number> {
  const known = new Map<string, number>();
  const open: string[] = [];
  for (const [key, { groups }] of graph) {
    if (groups === 0) continue;
    known.set(key, groups);
    open.push(key);
  }
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const node = graph.get(key);
    if (node?.edges === undefined || node.isRoot) continue;
    const bits = known.get(key) ?? 0;
    for (const [to, optional] of node.edges) {
      const before = known.get(to) ?? 0;
      const after = before | (optional ? bits & THROUGH_OPTIONAL : bits);
      if (after === before) continue;
      known.set(to, after);
      open.push(to);
    }
  }
  return known;
}
