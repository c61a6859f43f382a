import type { Row } from './runner/row.ts';

/** One case of the benchmark. It is run in a process of its own. */
export type Case = () => Promise<readonly Row[]>;

/** Every case, in the order of the table. Each is loaded only in the process that runs it. */
export const CASES: Readonly<Record<string, () => Promise<Case>>> = {
  gates: async () => (await import('./cases/gates.ts')).gates,
  operations: async () => (await import('./cases/operations.ts')).operations,
  recorder: async () => (await import('./cases/recorder.ts')).recorder,
  artifacts: async () => (await import('./cases/artifacts.ts')).artifacts,
  'result-cache': async () => (await import('./cases/result-cache.ts')).resultCache,
  sbom: async () => (await import('./cases/sbom.ts')).sbom,
  scan: async () => (await import('./cases/scan.ts')).scan,
  search: async () => (await import('./cases/search.ts')).search,
  memory: async () => (await import('./cases/memory.ts')).memory,
  'change-set': async () => (await import('./cases/change-set.ts')).changeSet,
  tables: async () => (await import('./cases/tables.ts')).tables,
  scripts: async () => (await import('./cases/scripts.ts')).scripts,
  sandboxes: async () => (await import('./cases/sandboxes.ts')).sandboxes,
};
