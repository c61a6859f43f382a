import type { LockfileInput, LockfileInventory, LockfileReader } from '../model.ts';
import { InventoryDraft } from './npm-family-inventory.ts';
import { takeOurSide } from './npm-family-text.ts';
import { readYarnBerry } from './yarn-berry.ts';
import { readYarnV1 } from './yarn-v1.ts';

/** Yarn: `yarn.lock` of Yarn 1 and of Yarn 2 and later (`__metadata` versions 4 to 10), workspaces included. */
export const yarnLockReader: LockfileReader = {
  id: 'yarn-lock',
  type: 'npm',
  matches: (baseName) => baseName === 'yarn.lock',
  read: readYarnLock,
};

async function readYarnLock(input: LockfileInput): Promise<LockfileInventory> {
  const { text, warning } = takeOurSide(input.path, input.text);
  const draft = new InventoryDraft();
  draft.warnAll([warning]);
  // Only Yarn 2 and later write this key; an empty file is how a project without dependencies may start, in either.
  return /^"?__metadata"?:/m.test(text) ? readYarnBerry(input, text, draft) : readYarnV1(input, text, draft);
}
