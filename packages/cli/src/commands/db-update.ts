import type { CommandRun } from '../command.ts';
import { usageError } from '../usage-error.ts';

/** `mex db update`: refuses, and says what to do. Nothing is downloaded, and nothing looks as if it were. */
export const updateDatabase: CommandRun = () => {
  throw usageError(
    'mex db update is not available in this version: it downloads nothing, and the database is what it was.',
    'Download the all.zip of each ecosystem you use (see "Data dumps" in the documentation of osv.dev) into one directory, then: mex db import <directory>',
    'CLI_NOT_AVAILABLE',
  );
};
