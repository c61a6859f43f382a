import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ToolPolicies, ToolPolicy } from '../../../src/broker/proc-exec/tool-policy.ts';
import { type Bench, type BenchOptions, codeOf, makeBin, openBench, writeProgram } from './fixture.ts';

let bench: Bench | undefined;
const open = (tools: ToolPolicies, options: BenchOptions = {}): Bench => {
  bench = openBench({ ...options, tools });
  return bench;
};
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

/** What comes of a tool `x` whose policy names a path made in a trusted directory. */
async function outcome(make: (bin: string) => ToolPolicy, options: BenchOptions = {}): Promise<string> {
  const bin = makeBin();
  return codeOf(open({ x: make(bin) }, { ...options, bin }).toolbox.resolve('x'));
}

const SCRIPT = '#!/bin/sh\n';
const isRoot = process.getuid?.() === 0;

describe('tools of the system', () => {
  it('are found in its directories, hashed, and recorded as the file they really are', async () => {
    const { toolbox } = open({ cat: {} });
    const tool = await toolbox.resolve('cat');
    const path = realpathSync('/usr/bin/cat');
    expect(tool.program).toBe(path);
    expect(tool.files[0].sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
    expect(await toolbox.resolve('cat')).toBe(tool);
  });

  it('[§9] PATH has no say', async () => {
    const bin = makeBin();
    writeProgram(join(bin, 'cat'), SCRIPT);
    const path = process.env['PATH'];
    process.env['PATH'] = `${bin}:.:${path}`;
    try {
      expect((await open({ cat: {} }, { bin }).toolbox.resolve('cat')).program).toBe(realpathSync('/usr/bin/cat'));
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('what is in none of them is not found, and found once it is there', async () => {
    const bin = makeBin();
    const { toolbox } = open({ x: {} }, { bin, directories: [bin] });
    expect(await codeOf(toolbox.resolve('x'))).toBe('TOOL_NOT_FOUND');
    writeProgram(join(bin, 'x'), SCRIPT);
    expect((await toolbox.resolve('x')).files[0].path).toBe(join(bin, 'x'));
  });

  it('the first that is there is the one, even if it cannot be trusted', async () => {
    const bin = makeBin();
    for (const name of ['one', 'two']) mkdirSync(join(bin, name));
    writeProgram(join(bin, 'one', 'x'), SCRIPT, 0o777);
    writeProgram(join(bin, 'two', 'x'), SCRIPT);
    const { toolbox } = open({ x: {} }, { bin, directories: [join(bin, 'one'), join(bin, 'two')] });
    expect(await codeOf(toolbox.resolve('x'))).toBe('SECURITY_UNTRUSTED_EXECUTION');
  });
});

describe('[§9] programs that others could have put there', () => {
  it('a tool in a workspace', async () => {
    const { toolbox, work } = open({});
    const inside = openBench({ tools: { x: { path: writeProgram(join(work, 'x'), SCRIPT) } }, untrustedRoots: [work] });
    expect(await codeOf(inside.toolbox.resolve('x'))).toBe('SECURITY_UNTRUSTED_EXECUTION');
    await inside.close();
    expect(await codeOf(toolbox.resolve('x'))).toBe('TOOL_NOT_ALLOWED');
  });

  it('a tool in a temporary directory', async () => {
    const { dir } = open({});
    const path = writeProgram(join(dir, 'x'), SCRIPT);
    const other = openBench({ tools: { x: { path } } });
    expect(await codeOf(other.toolbox.resolve('x'))).toBe('SECURITY_UNTRUSTED_EXECUTION');
    await other.close();
  });

  it('a tool in a tree that inputs come from', async () => {
    const bin = makeBin();
    const path = writeProgram(join(bin, 'x'), SCRIPT);
    const { toolbox } = open({ x: { path } }, { bin, untrustedRoots: [bin] });
    expect(await codeOf(toolbox.resolve('x'))).toBe('SECURITY_UNTRUSTED_EXECUTION');
  });

  it('a link to a tool in a workspace', async () => {
    const { dir } = open({});
    const evil = writeProgram(join(dir, 'evil'), SCRIPT);
    const bin = makeBin();
    symlinkSync(evil, join(bin, 'x'));
    const other = openBench({ bin, tools: { x: { path: join(bin, 'x') } } });
    expect(await codeOf(other.toolbox.resolve('x'))).toBe('SECURITY_UNTRUSTED_EXECUTION');
    await other.close();
  });

  it('a link by way of a temporary directory to a program of the system', async () => {
    const { dir } = open({});
    symlinkSync('/usr/bin/cat', join(dir, 'hop'));
    const bin = makeBin();
    symlinkSync(join(dir, 'hop'), join(bin, 'x'));
    const other = openBench({ bin, tools: { x: { path: join(bin, 'x') } } });
    expect(await codeOf(other.toolbox.resolve('x'))).toBe('SECURITY_UNTRUSTED_EXECUTION');
    await other.close();
  });

  it('links without an end', async () => {
    const made = outcome((bin) => {
      symlinkSync('b', join(bin, 'a'));
      symlinkSync('a', join(bin, 'b'));
      return { path: join(bin, 'a') };
    });
    expect(await made).toBe('SECURITY_UNTRUSTED_EXECUTION');
  });

  it.each([0o777, 0o775, 0o757])('a file of mode %o', async (mode) => {
    expect(await outcome((bin) => ({ path: writeProgram(join(bin, 'x'), SCRIPT, mode) }))).toBe(
      'SECURITY_UNTRUSTED_EXECUTION',
    );
  });

  it('a directory on the way that its group may write', async () => {
    const made = outcome((bin) => {
      mkdirSync(join(bin, 'sub'));
      chmodSync(join(bin, 'sub'), 0o775);
      return { path: writeProgram(join(bin, 'sub', 'x'), SCRIPT) };
    });
    expect(await made).toBe('SECURITY_UNTRUSTED_EXECUTION');
  });

  it.skipIf(!isRoot)('a file of another user (needs root to make one)', async () => {
    const made = outcome((bin) => {
      const path = writeProgram(join(bin, 'x'), SCRIPT);
      chownSync(path, 1234, 1234);
      return { path };
    });
    expect(await made).toBe('SECURITY_UNTRUSTED_EXECUTION');
  });

  it('an interpreter in a workspace', async () => {
    const { dir } = open({});
    const evil = writeProgram(join(dir, 'sh'), 'x');
    const bin = makeBin();
    const other = openBench({ bin, tools: { x: { path: writeProgram(join(bin, 'x'), `#!${evil}\n`) } } });
    expect(await codeOf(other.toolbox.resolve('x'))).toBe('SECURITY_UNTRUSTED_EXECUTION');
    await other.close();
  });

  it('rules for a tool that lie where everybody may write', async () => {
    const { toolbox } = open({ cat: { read_only: ['/var/tmp'] } });
    expect(await codeOf(toolbox.resolve('cat'))).toBe('SECURITY_UNTRUSTED_EXECUTION');
  });
});

describe('files that are no programs', () => {
  it('an interpreter that is a script', async () => {
    const made = outcome((bin) => {
      const inner = writeProgram(join(bin, 'inner'), SCRIPT);
      return { path: writeProgram(join(bin, 'x'), `#!${inner}\n`) };
    });
    expect(await made).toBe('TOOL_START_FAILED');
  });

  it('a pipe does not hold the host', async () => {
    const made = outcome((bin) => {
      execFileSync('mkfifo', ['-m', '755', join(bin, 'x')]);
      return { path: join(bin, 'x') };
    });
    expect(await made).toBe('TOOL_NOT_FOUND');
  });

  it.each([
    ['a directory', (path: string) => mkdirSync(path)],
    ['a file that may not be executed', (path: string) => writeFileSync(path, SCRIPT, { mode: 0o644 })],
    ['nothing', () => undefined],
    ['a file taken for a directory', (path: string) => writeFileSync(path.replace(/\/x$/u, ''), '')],
  ])('%s', async (_what, make) => {
    const made = outcome((bin) => {
      const path = _what.includes('taken') ? join(bin, 'file', 'x') : join(bin, 'x');
      make(path);
      return { path };
    });
    expect(await made).toBe('TOOL_NOT_FOUND');
  });
});

describe('the file that was checked is the one that runs', () => {
  it('a digest that is not the one of the policy', async () => {
    const made = outcome((bin) => ({ path: writeProgram(join(bin, 'x'), SCRIPT), sha256: '0'.repeat(64) }));
    expect(await made).toBe('TOOL_DIGEST_MISMATCH');
  });

  it('an upgrade is noticed, and refused where policy has the old digest', async () => {
    const bin = makeBin();
    const path = writeProgram(join(bin, 'x'), SCRIPT);
    const sha256 = createHash('sha256').update(SCRIPT).digest('hex');
    const { toolbox } = open({ x: { path, sha256 }, y: { path } }, { bin });
    expect((await toolbox.resolve('x')).files[0].sha256).toBe(sha256);
    expect((await toolbox.resolve('y')).files[0].sha256).toBe(sha256);
    writeProgram(join(bin, 'new'), '#!/bin/sh\nevil\n');
    renameSync(join(bin, 'new'), path);
    expect(await codeOf(toolbox.resolve('x'))).toBe('TOOL_DIGEST_MISMATCH');
    expect((await toolbox.resolve('y')).files[0].sha256).not.toBe(sha256);
  });

  it('a copy that was changed is not run', async () => {
    const { toolbox } = open({ cat: {} });
    const { copy } = (await toolbox.resolve('cat')).files[0];
    chmodSync(copy, 0o755);
    writeFileSync(copy, SCRIPT);
    expect(await codeOf(toolbox.resolve('cat'))).toBe('TOOL_DIGEST_MISMATCH');
  });

  it('a copy has no set-user-id, lies where only this user comes, and goes with the toolbox', async () => {
    const bin = makeBin();
    const path = writeProgram(join(bin, 'x'), 'x', 0o4755);
    const { toolbox } = open({ x: { path } }, { bin });
    const { copy } = (await toolbox.resolve('x')).files[0];
    expect(statSync(copy).mode & 0o7777).toBe(0o555);
    expect(statSync(join(copy, '..')).mode & 0o777).toBe(0o700);
    await toolbox.close();
    expect(statSync(copy, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('a link that is turned elsewhere is followed anew', async () => {
    const bin = makeBin();
    for (const name of ['a', 'b']) writeProgram(join(bin, name), `#!/bin/sh\n# ${name}\n`);
    symlinkSync('a', join(bin, 'x'));
    const { toolbox } = open({ x: { path: join(bin, 'x') } }, { bin });
    expect((await toolbox.resolve('x')).files[0].path).toBe(join(bin, 'a'));
    rmSync(join(bin, 'x'));
    symlinkSync('b', join(bin, 'x'));
    expect((await toolbox.resolve('x')).files[0].path).toBe(join(bin, 'b'));
  });
});
