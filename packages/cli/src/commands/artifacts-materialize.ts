import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { withHost } from '../home.ts';
import { materialize } from '../materialize.ts';

/** `mex artifacts materialize <id> <path>` */
export const materializeArtifact: CommandRun = async (invocation, terminal) => {
  const written = await withHost(invocation, async (host) => {
    const artifact = await host.artifacts.resolve(argumentText(invocation, 'artifact'));
    return { artifact, path: await materialize(host, artifact, argumentText(invocation, 'path')) };
  });
  terminal.document(written);
  terminal.line('wrote ', written.path);
  return EXIT.done;
};
