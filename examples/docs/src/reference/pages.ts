import { renderCapabilities } from './capabilities.ts';
import { renderCommands } from './commands.ts';
import { renderConformance } from './conformance.ts';
import { renderDocuments } from './documents.ts';
import { renderEngines } from './engines.ts';
import { renderErrors } from './errors.ts';
import { renderEvents } from './events.ts';
import { wordFaults } from './meaning.ts';
import { renderPolicy } from './policy.ts';

/** Every page of the reference by the name of its file, before it is laid out. @throws Error where a source lacks words. */
export function renderPages(): ReadonlyMap<string, string> {
  const pages = new Map([
    ['commands.md', renderCommands()],
    ['policy.md', renderPolicy()],
    ['engines.md', renderEngines()],
    ['documents.md', renderDocuments()],
    ['events.md', renderEvents()],
    ['capabilities.md', renderCapabilities()],
    ['conformance.md', renderConformance()],
    ['errors.md', renderErrors()],
  ]);
  const faults = wordFaults();
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return pages;
}
