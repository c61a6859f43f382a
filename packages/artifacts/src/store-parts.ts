import { StoreDatabase } from './database.ts';
import { ManifestStore } from './manifest-store.ts';
import { ObjectStore } from './object-store.ts';
import { Quarantine, type QuarantineInfo } from './quarantine.ts';
import { openLayout, type StoreLayout } from './store-layout.ts';
import { LOCK_TIMEOUT_MS, WriteQueue } from './write-queue.ts';

export interface StoreOptions {
  /** The store's directory; made when absent. One store may be open in several processes at once. */
  readonly dir: string;
  /** Source of `created_at`. Default: the system clock. */
  readonly clock?: () => Date;
  /** Called after a corrupt object was moved aside, e.g. to raise a Problem. Must not throw. */
  readonly onQuarantine?: (info: QuarantineInfo) => void;
  /** Longest that a write waits for another process's lock, in milliseconds. Default 10,000. */
  readonly lockTimeoutMs?: number;
}

/** The parts of an open store, handed to each of its features. */
export interface StoreParts {
  readonly layout: StoreLayout;
  readonly db: StoreDatabase;
  readonly queue: WriteQueue;
  readonly objects: ObjectStore;
  readonly manifests: ManifestStore;
  readonly now: () => Date;
}

/** Opens the database and wires the parts. @throws MexError, see `StoreDatabase` and `openLayout` */
export function openParts(options: StoreOptions): StoreParts {
  const now = options.clock ?? (() => new Date());
  const layout = openLayout(options.dir);
  const db = new StoreDatabase(layout.database);
  const queue = new WriteQueue(db, options.lockTimeoutMs ?? LOCK_TIMEOUT_MS);
  const report = options.onQuarantine ?? (() => undefined);
  const quarantine = new Quarantine({ db, queue, layout, now, report });
  return { layout, db, queue, objects: new ObjectStore(db, layout, quarantine), manifests: new ManifestStore(db), now };
}
