import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, statfsSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { withDirectory } from './bench-directory.ts';
import { type Summary, summarize } from './statistics.ts';

/** What figures depend on and a table alone does not tell. */
export interface Machine {
  readonly node: string;
  readonly npm: string;
  readonly platform: string;
  readonly cores: number;
  readonly processor: string;
  /** Load of the last minute when the run began; above the number of cores, figures are of a busy machine. */
  readonly load: number;
  /** Microseconds of one write of 4 KiB and its fsync, where everything durable is measured. */
  readonly sync: Summary;
  /** Type of that file system, as the system numbers it. */
  readonly fileSystem: string;
}

const SYNC_SAMPLES = 200;

/** Looks the machine over. Writes 4 KiB two hundred times. */
export async function inspectMachine(): Promise<Machine> {
  const [load = Number.NaN] = loadavg();
  return withDirectory('sync', async (dir) => ({
    node: process.version,
    npm: execFileSync('npm', ['--version', '--loglevel=error'], { encoding: 'utf8' }).trim(),
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    load,
    sync: summarize(sampleSync(join(dir, 'block'))),
    fileSystem: `0x${statfsSync(dir).type.toString(16)}`,
  }));
}

function sampleSync(file: string): number[] {
  const block = Buffer.alloc(4_096, 0x5a);
  const fd = openSync(file, 'w');
  try {
    return Array.from({ length: SYNC_SAMPLES }, () => {
      const started = performance.now();
      writeSync(fd, block);
      fsyncSync(fd);
      return (performance.now() - started) * 1_000;
    });
  } finally {
    closeSync(fd);
  }
}

/** Two lines for the top of the table. */
export function describeMachine(machine: Machine): string {
  const { sync } = machine;
  const us = (value: number): string => value.toFixed(0);
  return [
    `node ${machine.node}, npm ${machine.npm}, ${machine.platform}, ${machine.cores} cores (${machine.processor}), load ${machine.load.toFixed(2)} at start`,
    `write + fsync of 4 KiB: ${us(sync.median)} µs (${us(sync.lowest)} … ${us(sync.highest)}), file system ${machine.fileSystem}`,
  ].join('\n');
}
