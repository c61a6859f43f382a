import { afterAll, beforeAll, expect, it } from 'vitest';
import { JobStop } from '../../../src/sandbox/tier.ts';
import { certify } from './certificate.ts';
import { call, makeWorld, OK, type RawServer, serve } from './world.ts';

let server: RawServer;
const certificate = certify(['site.test']);
beforeAll(async () => {
  server = await serve(OK, certificate);
});
afterAll(() => server.close());

// Node ends with a segmentation fault where a TCP socket is destroyed below a TLS write that is under way.
it('[§9] net_bytes used up at any byte of a TLS exchange ends the operation and not the host', async () => {
  for (const net_bytes of [0, 1, 20, 60, 90, 100, 110, 130]) {
    const { broker } = makeWorld({
      privateHosts: [`site.test:${server.port}`],
      dns: { 'site.test': ['127.0.0.1'] },
      budget: { net_bytes },
      options: { ca: certificate.cert },
    });
    const body = Buffer.from('a body that is sent by itself');
    const thrown = await broker
      .request(call(`https://site.test:${server.port}/`, { method: 'POST', body }))
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(JobStop);
    expect(thrown).toMatchObject({ code: 'BUDGET_EXCEEDED_NET_BYTES' });
  }
});
