import { HistoryBound } from './history-fault.ts';

/** What following one step of a chain costs, whatever it holds. */
const STEP_BYTES = 64;

/**
 * Bounds the bytes that are unpacked: a pack of a few kilobytes may say that it holds terabytes, one delta upon another.
 * Bytes are paid for before memory is taken for them.
 */
export class WorkMeter {
  #left: number;
  readonly #limit: number;

  /** @param limit bytes of all objects together */
  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  /** @throws HistoryBound */
  spend(bytes: number): void {
    this.#left -= bytes + STEP_BYTES;
    if (this.#left < 0) throw new HistoryBound(`its objects unpack to more than ${this.#limit} bytes`);
  }
}
