/** What one tool may take besides the operation's budget. Bytes and counts. */
export interface ToolLimits {
  /**
   * Everything in the shadow workspace, and the most that one file may have (the kernel keeps that one). The whole is
   * measured while a tool runs, every 10 ms while that is quick, and at the end: what a program can write between two
   * looks is on the disk for that long. That is a look and no wall: a quota of the file system would be one.
   */
  readonly workBytes: number;
  readonly workEntries: number;
  /** All inputs that are put on the disk for tools. */
  readonly inputBytes: number;
  /** The `/tmp` of a tool, and its `/dev/shm`, kept in memory and counted as its memory; never more than `memory_bytes`. */
  readonly scratchBytes: number;
  /**
   * What one process may reserve beyond `memory_bytes` without using it, as the runtimes of languages do. Used memory
   * is measured; this bounds what is grasped between two looks.
   */
  readonly reservedBytes: number;
  /** With their threads, where the kernel keeps the bound; see `process-cap.ts`. */
  readonly processes: number;
  readonly openFiles: number;
  /** Files read back for an engine, all of one call. */
  readonly readBackBytes: number;
}

const MEBIBYTE = 1024 * 1024;

export const DEFAULT_TOOL_LIMITS: ToolLimits = {
  workBytes: 1024 * MEBIBYTE,
  workEntries: 50_000,
  inputBytes: 4 * 1024 * MEBIBYTE,
  scratchBytes: 256 * MEBIBYTE,
  reservedBytes: 512 * MEBIBYTE,
  processes: 256,
  openFiles: 1_024,
  readBackBytes: 64 * MEBIBYTE,
};
