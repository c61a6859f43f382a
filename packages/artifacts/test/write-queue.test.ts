import { join } from 'node:path';
import { expect, it } from 'vitest';
import { StoreDatabase } from '../src/database.ts';
import { WriteQueue } from '../src/write-queue.ts';
import { tempDirectory } from './temp-store.ts';

function openQueue(path = join(tempDirectory(), 'q.db')): {
  db: StoreDatabase;
  queue: WriteQueue;
  insert: (name: string) => () => string;
} {
  const db = new StoreDatabase(path);
  const insert = (name: string) => () => {
    db.run('INSERT INTO members (bundle, sha256) VALUES (?, ?)', 'b', name);
    return name;
  };
  return { db, queue: new WriteQueue(db, 1_000), insert };
}

const names = (db: StoreDatabase): unknown[] =>
  db.all('SELECT sha256 FROM members ORDER BY 1').map((row) => row['sha256']);

it('a job that fails does not take its batch with it, and leaves nothing of itself', async () => {
  const { db, queue, insert } = openQueue();
  const results = await Promise.allSettled([
    queue.run(insert('a')),
    queue.run(() => {
      insert('half')();
      throw new Error('second half failed');
    }),
    queue.run(insert('b')),
    queue.run(insert('a')),
  ]);
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
  expect(names(db)).toEqual(['a', 'b']);
  db.close();
});

it('all writes of one turn share one commit, and no promise settles before it', async () => {
  const path = join(tempDirectory(), 'q.db');
  const { db, queue, insert } = openQueue(path);
  const other = new StoreDatabase(path);
  const seen: number[] = [];
  const watch = (): number => seen.push(names(other).length);
  await Promise.all(Array.from({ length: 50 }, (_, at) => queue.run(insert(`n${at}`)).then(watch)));
  // Another connection sees either nothing or all of them.
  expect(seen).toEqual(Array.from({ length: 50 }, () => 50));
  other.close();
  db.close();
});

it('more than the queue holds in memory is committed at once', async () => {
  const { db, queue, insert } = openQueue();
  const pending = queue.run(insert('heavy'), 9 * 1024 * 1024);
  expect(names(db)).toEqual(['heavy']);
  await pending;
  db.close();
});
