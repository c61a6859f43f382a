import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim } from '../output/style.ts';
import { formatBytes } from '../output/units.ts';
import { printValue } from '../output/value.ts';

/** `mex artifacts show <id|sha256>` */
export const showArtifact: CommandRun = async (invocation, terminal) => {
  const store = await openStore(invocation);
  try {
    const handle = await store.resolve(argumentText(invocation, 'artifact'));
    const manifest = await store.manifest(handle.artifact_id);
    terminal.document(manifest);
    terminal.line(bold(handle.name ?? handle.kind), dim(`  ${handle.mime}, ${formatBytes(handle.size_bytes)}`));
    printValue(terminal, manifest);
    terminal.line(dim('Next: '), hint(invocation, `mex artifacts cat ${handle.artifact_id}`));
    return EXIT.done;
  } finally {
    await store.close();
  }
};
