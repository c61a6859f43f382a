import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTrustedProgram } from '@mex/runtime';
import { describe, expect, it } from 'vitest';

describe('isTrustedProgram', () => {
  it('[§9] [§14 J] takes what only the system installs, and nothing of a place where everybody may write', () => {
    const dir = mkdtempSync(join(tmpdir(), 'mex-trusted-'));
    try {
      const program = join(dir, 'tool');
      writeFileSync(program, '#!/bin/sh\n');
      chmodSync(program, 0o755);
      expect([
        isTrustedProgram('/bin/sh'),
        isTrustedProgram(program),
        isTrustedProgram('/bin/no-such-program'),
      ]).toEqual([true, false, false]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
