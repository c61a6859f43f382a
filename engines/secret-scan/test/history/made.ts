import type { RepositoryFiles } from '../../src/history/read-repository.ts';
import { type HistoryOptions, scanHistory } from '../../src/history/scan-history.ts';
import { TreeMemory } from '../../src/tree-memory.ts';
import { OPTIONS } from './git.ts';
import { type Files, repositoryOf } from './repository-writer.ts';

export type { Files };

/** Scans a repository in memory and tells what is to be compared. */
export async function scanMade(files: Files | RepositoryFiles, options: Partial<HistoryOptions> = {}) {
  const opened = isOpened(files) ? files : repositoryOf(files);
  const { gaps, found, ...counts } = await scanHistory(opened, new TreeMemory(), { ...OPTIONS, ...options });
  return {
    ...counts,
    beyond: found.beyond,
    reasons: gaps.map(({ reason, count }) => [reason, count] as const),
    examples: gaps.flatMap(({ examples }) =>
      examples.map(({ path, message }) => (path === undefined ? message : `${path}: ${message}`)),
    ),
    paths: found.list(new Set()).map(({ path }) => path),
  };
}

function isOpened(files: Files | RepositoryFiles): files is RepositoryFiles {
  return typeof files['read'] === 'function';
}
