/** Makes a shadow workspace with something in it, says where, and waits to be killed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createShadowWorkspace } from '@mex/artifacts';

const workspace = createShadowWorkspace('op-1', { root: process.argv[2] ?? '' });
writeFileSync(join(workspace.dir, 'scratch'), 'x');
console.log(workspace.dir);
setInterval(() => undefined, 1_000);
