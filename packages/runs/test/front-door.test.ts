import * as door from '@mex/runs';
import { expect, it } from 'vitest';

it('lets out what is meant to be let out', () => {
  expect(Object.keys(door).toSorted()).toEqual([
    'CHANGE_SET_BOUNDS',
    'ChangeRefusal',
    'ChangeSet',
    'DEFAULT_CHANGE_BUDGET',
    'RUN_BUDGET_FIELDS',
    'addUsage',
    'applyChangeSet',
    'applyInRun',
    'beginOperation',
    'changeSetDigest',
    'countLineChanges',
    'createRuns',
    'diffToChangeSet',
    'isFormattingOnly',
    'parseChangeSet',
    'prepareChange',
    'recoverChanges',
    'rollbackInRun',
    'rollbackRun',
    'showChange',
    'workspaceOf',
  ]);
});
