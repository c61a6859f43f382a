import { describeAttacks } from './attack.ts';
import { ENVIRONMENT } from './attacks/environment.ts';
import { FILE_SYSTEM } from './attacks/file-system.ts';
import { NETWORK } from './attacks/network.ts';
import { PROCESS } from './attacks/process.ts';
import { SECOND_WALL } from './attacks/second-wall.ts';

describeAttacks('file system', FILE_SYSTEM);
describeAttacks('network', NETWORK);
describeAttacks('process and native code', PROCESS);
describeAttacks('environment', ENVIRONMENT);
describeAttacks('second wall: an engine that holds Node’s own process object and loaders', SECOND_WALL);
