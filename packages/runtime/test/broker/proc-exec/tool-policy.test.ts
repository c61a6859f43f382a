import { describe, expect, it } from 'vitest';
import { environmentRef, toolEnvironment } from '../../../src/broker/proc-exec/environment.ts';
import { readShebang } from '../../../src/broker/proc-exec/shebang.ts';
import { type ToolPolicy, verifyToolPolicy } from '../../../src/broker/proc-exec/tool-policy.ts';

const refused = expect.objectContaining({ code: 'TOOL_POLICY_INVALID' });

describe('policy of a tool', () => {
  it('takes what an operator would write', () => {
    const policy: ToolPolicy = {
      path: '/usr/local/bin/syft',
      sha256: 'a'.repeat(64),
      args_prefix: ['scan'],
      options: ['--output=*', '--quiet'],
      env: { SYFT_CHECK_FOR_APP_UPDATE: 'false' },
      read_only: ['/opt/syft'],
      timeout_ms: 60_000,
    };
    expect(() => verifyToolPolicy('syft', policy)).not.toThrow();
  });

  it.each<[string, ToolPolicy]>([
    ['a relative path', { path: 'bin/x' }],
    ['a path with dots', { path: '/usr/bin/../x' }],
    ['a relative interpreter', { interpreter: 'node' }],
    ['a digest in upper case', { sha256: 'A'.repeat(64) }],
    ['an option that allows all', { options: ['-*'] }],
    ['prefixes without the dash', { option_prefixes: ['/'] }],
    ['the root for reading', { read_only: ['/'] }],
    ['a process directory', { read_only: ['/proc/1'] }],
    ['a NUL in its own arguments', { args_prefix: ['a\0b'] }],
    ['no time', { timeout_ms: 0 }],
    ['half a byte', { max_output_bytes: 0.5 }],
  ])('refuses %s', (_what, policy) => {
    expect(() => verifyToolPolicy('x', policy)).toThrow(refused);
  });

  it.each([
    'LD_PRELOAD',
    'ld_library_path',
    'NODE_OPTIONS',
    'PYTHONPATH',
    'PERL5OPT',
    'RUBYOPT',
    'BASH_ENV',
    'ENV',
    'IFS',
  ])('refuses the variable %s', (name) => {
    expect(() => verifyToolPolicy('x', { env: { [name]: 'x' } })).toThrow(refused);
  });

  it.each(['GIT_SSH_COMMAND', 'JAVA_TOOL_OPTIONS', 'PATH', 'home', 'GCONV_PATH', 'npm_config_script_shell', 'A=B', ''])(
    'refuses the variable %j, too',
    (name) => {
      expect(() => verifyToolPolicy('x', { env: { [name]: 'x' } })).toThrow(refused);
    },
  );

  it('the environment is the same for the same policy, and tells policies apart', () => {
    expect(environmentRef(toolEnvironment({ A: '1', B: '2' }))).toBe(
      environmentRef(toolEnvironment({ B: '2', A: '1' })),
    );
    expect(environmentRef(toolEnvironment({ A: '1' }))).not.toBe(environmentRef(toolEnvironment()));
  });
});

describe('first lines of scripts', () => {
  const read = (line: string) => readShebang('/x', Buffer.from(`${line}\nmore`));

  it.each([
    ['#!/bin/sh', { interpreter: '/bin/sh', args: [] }],
    ['#! /usr/bin/perl -w -T', { interpreter: '/usr/bin/perl', args: ['-w -T'] }],
    ['#!/usr/bin/env node', { interpreter: 'node', args: [] }],
    ['#!/usr/bin/env -S node --no-warnings', { interpreter: 'node', args: ['--no-warnings'] }],
  ])('%s', (line, expected) => {
    expect(read(line)).toEqual(expected);
  });

  it.each([
    '#!node',
    '#!',
    '#!/usr/bin/env',
    '#!/usr/bin/env -i sh',
    '#!/usr/bin/env node --x',
    '#!/usr/bin/env -S A=b sh',
  ])('%s is not understood, and refused', (line) => {
    expect(() => read(line)).toThrow(expect.objectContaining({ code: 'TOOL_START_FAILED' }));
  });

  it('a line without an end is refused; a file of another kind is no script', () => {
    expect(() => readShebang('/x', Buffer.from(`#!/bin/${'x'.repeat(300)}\n`))).toThrow();
    expect(readShebang('/x', Buffer.from('\x7fELF'))).toBeUndefined();
  });
});
