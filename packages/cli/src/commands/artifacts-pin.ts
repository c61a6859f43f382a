import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../home.ts';

/** `mex artifacts pin|unpin <id>` */
export const setArtifactPin: CommandRun = async (invocation, terminal) => {
  const pinned = invocation.command.path[1] === 'pin';
  const store = await openStore(invocation);
  try {
    const artifact = await store.resolve(argumentText(invocation, 'artifact'));
    await (pinned ? store.pin(artifact.artifact_id) : store.unpin(artifact.artifact_id));
    terminal.document({ artifact, pinned });
    terminal.line(`${pinned ? 'pinned' : 'unpinned'} ${artifact.artifact_id}`);
    return EXIT.done;
  } finally {
    await store.close();
  }
};
