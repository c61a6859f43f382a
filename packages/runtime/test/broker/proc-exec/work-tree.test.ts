import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearTree, isWithin } from '../../../src/broker/proc-exec/work-tree.ts';

let outer: string;
let dir: string;
beforeEach(() => {
  outer = mkdtempSync(join(tmpdir(), 'mex-tree-'));
  dir = join(outer, 'work');
  mkdirSync(dir);
});
afterEach(() => rmSync(outer, { recursive: true, force: true }));

const LIMITS = { bytes: 1_000_000, entries: 50 };
/** Paths longer than the system can name are made step by step. */
const perl = (script: string): unknown => execFileSync('/usr/bin/perl', ['-e', script], { cwd: dir });

describe('the working directory of a tool', () => {
  it('is within its limits, or over one of them', async () => {
    writeFileSync(join(dir, 'a'), 'x'.repeat(500_000));
    expect(await isWithin(dir, LIMITS)).toBe(true);
    mkdirSync(join(dir, 'b'));
    writeFileSync(join(dir, 'b', 'c'), 'x'.repeat(600_000));
    expect(await isWithin(dir, LIMITS)).toBe(false);
  });

  it('counts entries, also of names that are no text', async () => {
    perl('mkdir "\\xff\\xfe"; for (1..60) { open my $f, ">", "\\xff\\xfe/$_" }');
    expect(await isWithin(dir, LIMITS)).toBe(false);
  });

  it('counts what is on the disk, not what files claim', async () => {
    perl('open my $f, ">", "sparse"; truncate $f, 1 << 40');
    expect(await isWithin(dir, LIMITS)).toBe(true);
  });

  it('does not follow links', async () => {
    symlinkSync('/usr', join(dir, 'usr'));
    expect(await isWithin(dir, LIMITS)).toBe(true);
  });

  it('is not deeper than any tool needs', async () => {
    perl('for (1..150) { mkdir "d"; chdir "d" }');
    expect(await isWithin(dir, LIMITS)).toBe(false);
  });

  it('hides nothing below paths that are too long to name', async () => {
    perl('my $d = "d" x 200; for (1..25) { mkdir $d; chdir $d }');
    expect(await isWithin(dir, LIMITS)).toBe(false);
  });

  it('is emptied, whatever depth, names and modes it has, and nothing else with it', async () => {
    const canary = join(outer, 'canary');
    mkdirSync(canary, { mode: 0o751 });
    writeFileSync(join(canary, 'kept'), '');
    symlinkSync(canary, join(dir, 'link'));
    mkdirSync(join(dir, 'linked'));
    symlinkSync(canary, join(dir, 'linked', 'link'));
    perl('my $d = "d" x 200; for (1..60) { mkdir $d; chdir $d; open my $f, ">", "file" }');
    perl(
      'mkdir "\\xff"; open my $f, ">", "\\xff/\\xfe"; mkdir "locked"; mkdir "locked/in"; chmod 0, "locked/in", "locked"',
    );
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    chmodSync(dir, 0o700);
    await clearTree(dir);
    expect(readdirSync(dir)).toEqual([]);
    expect(readdirSync(canary)).toEqual(['kept']);
    expect(statSync(canary).mode & 0o777).toBe(0o751);
  });
});
