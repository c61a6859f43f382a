import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OK, type RawServer, serve } from './world.ts';

const child = fileURLToPath(new URL('./environment-child.ts', import.meta.url));
const conditions = process.env['MEX_DIST'] ? [] : ['--conditions=@mex/source'];

let proxy: RawServer;
beforeAll(async () => {
  proxy = await serve(OK);
});
afterAll(() => proxy.close());

describe('[§9] the environment of the host', () => {
  it('names no proxy for engines, and makes no certificate trusted', async () => {
    const address = `http://127.0.0.1:${proxy.port}`;
    const env = {
      NODE_USE_ENV_PROXY: '1',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      http_proxy: address,
      HTTP_PROXY: address,
      no_proxy: '127.0.0.1',
    };
    const { stdout } = await promisify(execFile)(process.execPath, [...conditions, '--no-warnings', child], { env });
    expect(JSON.parse(stdout)).toEqual({
      // Node's own client went through the proxy, and took the certificate.
      controls: ['200', '200'],
      outcomes: ['200', 'NETWORK_FAILED'],
      connections: 1,
    });
    expect(proxy.requests.length).toBe(1);
    expect(proxy.requests[0]).toContain('nowhere.invalid');
  });
});
