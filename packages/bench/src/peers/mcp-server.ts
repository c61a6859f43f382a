// A Model Context Protocol server with one tool that does nothing, over stateless HTTP on the loopback interface.
import { createServer, type RequestListener } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';

const handle = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: 'bench', version: '1.0.0' });
    server.registerTool('nothing', { description: 'Does nothing.' }, () => ({ content: [] }));
    return server;
  }),
);
// The adapter's request type differs from Node's in how it says "absent"; it is made for exactly these two objects.
const server = createServer(handle as unknown as RequestListener);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.send?.(address.port);
});
process.on('disconnect', () => process.exit());
