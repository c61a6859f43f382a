import type { CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../home.ts';
import { bold } from '../output/style.ts';
import { plural } from '../output/units.ts';
import { newestImport } from '../scan/advisory-database.ts';
import { databaseDocument, printDatabase, readDatabase } from '../scan/database-view.ts';
import { usageError } from '../usage-error.ts';

/** `mex db show` */
export const showDatabase: CommandRun = async (invocation, terminal) => {
  const store = await openStore(invocation);
  try {
    const newest = await newestImport(store);
    if (newest === undefined) throw none('There is no advisory database in this home.');
    const facts = await readDatabase(store, newest);
    if (facts === undefined) throw none('The advisory database of this home is of another version.');
    const now = Date.now();
    terminal.document(databaseDocument(facts, now));
    terminal.line(bold('Advisory database: '), plural(facts.header.records, 'advisory', 'advisories'));
    printDatabase(terminal, facts, now);
    return EXIT.done;
  } finally {
    await store.close();
  }
};

function none(message: string): Error {
  return usageError(message, 'Import one: mex db import <directory, zip or NDJSON of OSV records>', 'CLI_NOT_FOUND');
}
