import type { Case } from '../cases.ts';
import { BARE_TASK, openBarePiscina } from '../peers/bare-piscina.ts';
import { openMcpPeer } from '../peers/mcp-client.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, throughput, timed } from '../runner/rounds.ts';
import { limitRow, ratioRow } from '../runner/row.ts';
import { quantile } from '../runner/statistics.ts';
import { openHelloHost, planNothing, runNothing } from './hello-host.ts';

const IN_FLIGHT = 64;
const OPERATIONS = 3_000;
const BARE_TASKS = 10_000;
const MCP_CALLS = 600;
const ONE_BY_ONE = 300;

/** A governed operation that does nothing, everything durable, its worker warm. */
export const operations: Case = () =>
  withDirectory('operations', async (dir) => {
    const host = await openHelloHost(dir);
    const piscina = openBarePiscina(2);
    const mcp = await openMcpPeer();
    try {
      const figures = await takeTurns(
        {
          governed: () => {
            const plans = planNothing(host, OPERATIONS);
            return throughput(IN_FLIGHT, OPERATIONS, (index) => runNothing(host, plans[index]));
          },
          bare: () => throughput(IN_FLIGHT, BARE_TASKS, () => piscina.run(BARE_TASK)),
          mcp: () => throughput(IN_FLIGHT, MCP_CALLS, () => mcp.call()),
          alone: async () => {
            const samples: number[] = [];
            for (const plan of planNothing(host, ONE_BY_ONE)) samples.push(await timed(() => runNothing(host, plan)));
            return quantile(samples, 0.5);
          },
        },
        { warmup: 2, rounds: 6 },
      );
      const speed = { unit: '/s', figure: 'speed', ours: figures.governed } as const;
      return [
        ratioRow({
          promise: 'nothing, 64 in flight',
          ...speed,
          peer: figures.bare,
          peerName: 'piscina bare, 2 threads',
          atLeast: 0.25,
        }),
        ratioRow({
          promise: 'nothing, 64 in flight',
          ...speed,
          peer: figures.mcp,
          peerName: `MCP ${mcp.protocol}, stateless HTTP`,
          atLeast: 10,
        }),
        limitRow('nothing, one at a time: p50', figures.alone, 'ms', { relation: '≤', value: 0.5 }),
      ];
    } finally {
      await Promise.all([host.close(), piscina.destroy(), mcp.close()]);
    }
  });
