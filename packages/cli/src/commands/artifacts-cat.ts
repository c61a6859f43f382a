import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../home.ts';

/** `mex artifacts cat <id|sha256>`: the store has verified the bytes before they come here. */
export const catArtifact: CommandRun = async (invocation, terminal) => {
  const store = await openStore(invocation);
  try {
    const artifact = await store.resolve(argumentText(invocation, 'artifact'));
    const bytes = await store.get(artifact);
    if (terminal.format === 'json') terminal.document({ artifact, ...encode(bytes) });
    else if (terminal.stdoutIsTerminal) for (const line of toText(bytes).split('\n')) terminal.line(line);
    else terminal.bytes(bytes);
    return EXIT.done;
  } finally {
    await store.close();
  }
};

function toText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes).replace(/\n$/, '');
}

function encode(bytes: Uint8Array): { encoding: 'utf-8' | 'base64'; content: string } {
  try {
    return { encoding: 'utf-8', content: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    // Bytes that are no text.
    return { encoding: 'base64', content: Buffer.from(bytes).toString('base64') };
  }
}
