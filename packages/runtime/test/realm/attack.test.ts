import { describeAttacks } from './attack.ts';
import { ENVIRONMENT } from './attacks/environment.ts';
import { FILE_SYSTEM } from './attacks/file-system.ts';
import { NETWORK } from './attacks/network.ts';
import { PROCESS } from './attacks/process.ts';

describeAttacks('file system', FILE_SYSTEM);
describeAttacks('network', NETWORK);
describeAttacks('process and native code', PROCESS);
describeAttacks('environment', ENVIRONMENT);
