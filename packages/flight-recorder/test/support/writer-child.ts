/**
 * A process that records until it has done `count` appends or is killed, and says on stdout which events are on the
 * disk. Arguments: folder of the log, name of the writer, number of appends.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createFileSigner, newEventId, openRecorder } from '@mex/flight-recorder';

const [dir = '', name = '', count = ''] = process.argv.slice(2);
const recorder = openRecorder({ file: join(dir, 'log.db'), signer: createFileSigner(dir) });
recorder.database.exec('CREATE TABLE IF NOT EXISTS companions (event_id TEXT PRIMARY KEY) STRICT');

for (let n = 0; n < Number(count); n += 1) {
  const ids: string[] = [];
  const appends = Array.from({ length: 1 + (n % 5) }, (_, member) => {
    const event_id = newEventId();
    ids.push(event_id);
    return recorder.append(
      [
        {
          event_id,
          type: 'system',
          subject: 'host.stopped',
          timestamp: new Date().toISOString(),
          actor: { kind: 'system', id: name },
          body: { reason: `r${n}-${member}` },
        },
      ],
      (db) => db.prepare('INSERT INTO companions VALUES (?)').run(event_id),
    );
  });
  await Promise.all(appends);
  writeSync(1, `${ids.join('\n')}\n`);
}
await recorder.close();
