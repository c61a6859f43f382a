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
  readonly edges: Map<string, boolean>;
  /** How the project's roots ask for it. */
  readonly groups: Set<DependencyGroup>;
  /** A workspace member: its own dependencies are roots, so the walk does not pass through it. */
  readonly isRoot: boolean;
}

type Graph = ReadonlyMap<string, ReachNode>;

/**
 * Marks every reached package: `dev` when no production dependency of any root leads to it; `optional` when, within
 * production (or within development for a `dev` one), only paths with an optional step lead to it. Packages that nothing
 * reaches are not in the result.
 */
export function markReach(graph: Graph): Map<string, Marks> {
  const production = reach(graph, ['prod', 'optional'], true);
  const required = reach(graph, ['prod'], false);
  const everything = reach(graph, ['prod', 'optional', 'dev'], true);
  const requiredAtAll = reach(graph, ['prod', 'dev'], false);
  const marks = new Map<string, Marks>();
  for (const key of everything) {
    const dev = !production.has(key);
    marks.set(key, { dev, optional: !(dev ? requiredAtAll : required).has(key) });
  }
  return marks;
}

/** Breadth-first with an explicit queue: cycles end it, and depth costs no stack. */
function reach(graph: Graph, groups: readonly DependencyGroup[], throughOptional: boolean): Set<string> {
  const seen = new Set<string>();
  for (const [key, node] of graph) if (groups.some((group) => node.groups.has(group))) seen.add(key);
  // A Set visits what is added while it is being iterated: it is the queue as well.
  for (const key of seen) {
    const node = graph.get(key);
    if (node === undefined || node.isRoot) continue;
    for (const [to, optional] of node.edges) if (throughOptional || !optional) seen.add(to);
  }
  return seen;
}
