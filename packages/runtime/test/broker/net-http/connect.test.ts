import { afterAll, expect, it } from 'vitest';
import { CallScope } from '../../../src/broker/net-http/call-scope.ts';
import { openConnection } from '../../../src/broker/net-http/connect.ts';
import { parseTarget } from '../../../src/broker/net-http/http-target.ts';
import { OK, type RawServer, serve } from './world.ts';

const servers: RawServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

it('[§9] a call that ended while it connects ends with its reason, and tries no other address', async () => {
  const server = await serve(OK);
  servers.push(server);
  const scope = new CallScope(new AbortController().signal, () => new Error('the operation is over'));
  const target = parseTarget(`http://site.test:${server.port}/`);
  const addresses = ['127.0.0.1', '127.0.0.1'];
  const opened = openConnection({ target, addresses, attemptMs: 1_000, ca: undefined }, scope);
  const reason = new Error('too slow');
  scope.fail(reason);
  await expect(opened).rejects.toBe(reason);
  expect(server.requests.join('')).toBe('');
});
