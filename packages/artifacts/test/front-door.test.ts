import * as artifacts from '@mex/artifacts';
import { expect, it } from 'vitest';

it('the package exports exactly this', () => {
  expect(Object.keys(artifacts).toSorted()).toEqual([
    'BUNDLE_BOUNDS',
    'BUNDLE_MIME',
    'checkBundlePath',
    'createShadowWorkspace',
    'enterAll',
    'handleOf',
    'isInHome',
    'isLeftover',
    'isLinkRefusal',
    'openArtifactStore',
    'openRoot',
    'ownOwnerToken',
    'readBlock',
    'sweepShadowWorkspaces',
  ]);
});
