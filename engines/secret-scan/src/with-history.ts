import { FoundOnce } from './history/found-once.ts';
import { GapList } from './history/gaps.ts';
import { type HistoryOptions, type HistoryScan, scanHistory } from './history/scan-history.ts';
import { MOST_FOUND, type ScanResult, type Tree } from './scan-tree.ts';
import type { TreeMemory } from './tree-memory.ts';

/** How far into the history the operation was asked to go. */
export type AskedHistory = Omit<HistoryOptions, 'room'>;

/** Scans a pinned repository, and lays what is found there beside what the tree has. */
export async function addHistory(
  scan: ScanResult,
  repository: Tree,
  memory: TreeMemory,
  options: AskedHistory,
): Promise<ScanResult> {
  const room = Math.max(0, MOST_FOUND - scan.found.length);
  return lay(scan, await scanHistory(repository, memory, { ...options, room }));
}

/** For an external tool, which gets the tree alone: nobody looked, and that is said (CONTRACT §14 E). */
export function withoutHistory(scan: ScanResult, tool: string): ScanResult {
  const gaps = new GapList();
  gaps.add({ reason: 'implementation', message: `${tool} was handed the tree` });
  const none = { commits: 0, blobs: 0, binary: 0, inTree: 0, installed: 0, bytes: 0 };
  return lay(scan, { ...none, gaps: gaps.list(), found: new FoundOnce(0) });
}

function lay(scan: ScanResult, history: HistoryScan): ScanResult {
  const ofTree = new Set(scan.found.map(({ fingerprint }) => fingerprint));
  const found = scan.found.map((secret) => {
    const origin = history.found.originOf(secret.fingerprint);
    return origin === undefined ? secret : { ...secret, origin };
  });
  return {
    ...scan,
    found: [...found, ...history.found.list(ofTree)],
    beyond: scan.beyond + history.found.beyond,
    history,
  };
}
