import { join } from 'node:path';
import { createFileSigner, openRecorder } from '@mex/flight-recorder';
import type { Case } from '../cases.ts';
import { openRawLog, rawRow } from '../peers/raw-sqlite.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { type Row, ratioRow } from '../runner/row.ts';
import { sampleEvents } from './real-events.ts';

/** Events in one transaction, and how many transactions make a round. */
const SIZES = [
  { size: 1, transactions: 300 },
  { size: 64, transactions: 40 },
  { size: 1_000, transactions: 5 },
] as const;

/** Durable ingest, with validation, redaction, Merkle tree, seal and checkpoints, beside inserts that do nothing else. */
export const recorder: Case = () =>
  withDirectory('recorder', async (dir) => {
    const events = await sampleEvents(join(dir, 'sample'));
    const rows: Row[] = [];
    for (const { size, transactions } of SIZES) {
      const file = join(dir, `log-${size}.db`);
      const log = openRecorder({ file, signer: createFileSigner(join(dir, `keys-${size}`)) });
      const raw = openRawLog(join(dir, `raw-${size}.db`), file, log.database);
      try {
        const perSecond = (milliseconds: number): number => (size * transactions * 1_000) / milliseconds;
        const { ours, peer } = await takeTurns(
          {
            ours: async () => {
              const batches = Array.from({ length: transactions }, () => events(size));
              return perSecond(
                await timed(async () => {
                  for (const batch of batches) await log.append(batch);
                }),
              );
            },
            peer: async () => {
              const batches = Array.from({ length: transactions }, () => events(size).map(rawRow));
              return perSecond(
                await timed(() => {
                  for (const batch of batches) raw.insert(batch);
                }),
              );
            },
          },
          { warmup: 2, rounds: 9 },
        );
        rows.push(
          ratioRow({
            promise: `events, ${size.toLocaleString('en-US')} a transaction`,
            ours,
            peer,
            peerName: 'raw inserts, same tables',
            unit: '/s',
            figure: 'speed',
            atLeast: 0.5,
          }),
        );
      } finally {
        raw.close();
        await log.close();
      }
    }
    return rows;
  });
