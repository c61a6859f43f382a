import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** A connected client whose server runs in a process of its own. */
export interface McpPeer {
  /** Revision of the protocol that the two agreed on. */
  readonly protocol: string;
  /** Calls the tool that does nothing. */
  readonly call: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openMcpPeer(): Promise<McpPeer> {
  const child = fork(fileURLToPath(new URL('./mcp-server.ts', import.meta.url)), { execArgv: [] });
  const [port] = await once(child, 'message');
  const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
  return {
    protocol: client.getNegotiatedProtocolVersion() ?? 'unknown',
    call: async () => {
      const answer = await client.callTool({ name: 'nothing', arguments: {} });
      if (answer.isError === true) throw new Error(`the tool failed: ${JSON.stringify(answer)}`);
    },
    close: async () => {
      await client.close();
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
