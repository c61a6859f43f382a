import type { HistoryGap } from './gaps.ts';
import type { GapReason } from './history-fault.ts';
import type { HistoryScan } from './scan-history.ts';

interface Words {
  readonly title: (count: number) => string;
  readonly remedy: string;
}

const some = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
const is = (count: number): string => (count === 1 ? 'is' : 'are');

const WORDS: Readonly<Record<GapReason, Words>> = {
  missing: {
    title: (count) => `${some(count, 'object')} of the history ${is(count)} not in the repository`,
    remedy:
      'Scan a full clone: not a partial one, and none that borrows objects of another (alternates are not followed).',
  },
  malformed: {
    title: (count) => `${some(count, 'part')} of the repository cannot be read`,
    remedy: 'Look at it with git fsck, and scan a fresh clone.',
  },
  'wrong-id': {
    title: (count) => `${some(count, 'object')} of the repository with other content than the name says`,
    remedy: 'Somebody changed them, or the disk is damaged. Look at it with git fsck, and scan a fresh clone.',
  },
  'too-large': {
    title: (count) => `${some(count, 'text')} of the history ${is(count)} too large to scan`,
    remedy: 'Raise max_file_bytes.',
  },
  bound: {
    title: () => 'The history is larger than a scan reads',
    remedy:
      'Raise max_history_commits, max_history_blobs or max_history_bytes. A repository of more than 256 MiB is not read.',
  },
  shallow: {
    title: () => 'The clone is shallow: older commits were not scanned',
    remedy: 'Fetch the whole history first (fetch-depth: 0 for a checkout in CI, or git fetch --unshallow).',
  },
  format: {
    title: () => 'The repository has a format that is not read',
    remedy:
      'Repositories with SHA-1 names, refs in files and pack indexes of version 2 are read. A fresh clone may be one.',
  },
  unreadable: {
    title: (count) => `${some(count, 'file')} of the repository could not be read`,
    remedy: 'Make them readable, and scan again.',
  },
  implementation: {
    title: () => 'The history was not scanned: the external tool looks at the tree alone',
    remedy: 'Choose the built-in implementation of this engine in policy, or scan without the history.',
  },
};

/** What was left out for one reason, in one line for a person. */
export function historyTitle({ reason, count }: Pick<HistoryGap, 'reason' | 'count'>): string {
  return WORDS[reason].title(count);
}

/** What a person can do about it. */
export function historyRemedy(reason: GapReason): string {
  return WORDS[reason].remedy;
}

/** Whether a history was looked at at all. An empty one was. */
export function hasScanned({ commits, gaps }: Pick<HistoryScan, 'commits' | 'gaps'>): boolean {
  return commits > 0 || gaps.length === 0;
}
