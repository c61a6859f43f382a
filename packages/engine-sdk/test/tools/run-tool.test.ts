import type { EngineContext, ExecResult } from '@mex/engine-sdk';
import { listOf, membersOf, parseToolReport, runTool, textOf, treePaths } from '@mex/engine-sdk/tools';
import { describe, expect, it } from 'vitest';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function contextWith(result: Partial<ExecResult>): {
  context: Pick<EngineContext, 'exec' | 'implementation'>;
  calls: unknown[][];
} {
  const calls: unknown[][] = [];
  const exec: EngineContext['exec'] = async (...call) => {
    calls.push(call);
    return { exitCode: 0, stdout: new Uint8Array(), stderr: new Uint8Array(), files: [], ...result };
  };
  return { context: { exec, implementation: { id: 'tool', kind: 'external', tool: 'tool' } }, calls };
}

const run = (result: Partial<ExecResult>, report = 'report.json') =>
  runTool(contextWith(result).context, { args: [], report, exits: [0, 9] }).then(
    (outcome) => new TextDecoder().decode(outcome.report),
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

describe('[§14 E] runTool', () => {
  it('gives the report, and asks for nothing that was not said', async () => {
    const { context, calls } = contextWith({ files: [{ name: 'r.json', bytes: bytes('{}') }], exitCode: 9 });
    const outcome = await runTool(context, { args: ['--x'], report: 'r.json', exits: [0, 9], withhold: true });
    expect(outcome.exitCode).toBe(9);
    expect(calls).toEqual([['tool', ['--x'], { outputs: ['r.json'], withhold: true }]]);
    expect(await run({ stdout: bytes('[]') }, 'stdout')).toBe('[]');
  });

  it.each([
    [
      'an exit code its manual does not explain',
      { exitCode: 1, files: [{ name: 'r', bytes: bytes('{}') }] },
      'TOOL_EXIT_UNEXPECTED',
    ],
    ['a signal', { exitCode: 137 }, 'TOOL_EXIT_UNEXPECTED'],
    ['no report', { files: [{ name: 'r', refused: 'missing' as const }] }, 'TOOL_REPORT_MISSING'],
    ['an empty report', { files: [{ name: 'r', bytes: new Uint8Array() }] }, 'TOOL_REPORT_MISSING'],
    ['nothing at all', {}, 'TOOL_REPORT_MISSING'],
    ['a report that is too large', { files: [{ name: 'r', refused: 'too_large' as const }] }, 'TOOL_REPORT_INVALID'],
    [
      'a link in place of the report',
      { files: [{ name: 'r', refused: 'not_a_file' as const }] },
      'TOOL_REPORT_INVALID',
    ],
  ])('%s is a failure', async (_what, result, code) => {
    expect(await run(result)).toBe(code);
  });
});

describe('reports of programs', () => {
  it.each(['', 'garbage', '{"a": 1', '{"a":1,"a":2}', '{"__proto__":{}}', `${'['.repeat(500)}${']'.repeat(500)}`])(
    'refuses %j',
    (text) => {
      expect(() => parseToolReport('tool', bytes(text))).toThrow(
        expect.objectContaining({ code: 'TOOL_REPORT_INVALID' }),
      );
    },
  );

  it('refuses what is not UTF-8, and quotes none of it', () => {
    expect(() => parseToolReport('tool', Uint8Array.of(0x22, 0xff, 0x22))).toThrow(/not UTF-8/);
  });

  it('reads members of what is there and nothing of what is not', () => {
    const value = parseToolReport('tool', bytes('{"list":[1],"text":"x","empty":"","object":{"a":null}}'));
    const { list, text, empty, object } = membersOf(value);
    expect([listOf(list), listOf(text), textOf(text), textOf(empty), textOf(list)]).toEqual([
      [1],
      [],
      'x',
      undefined,
      undefined,
    ]);
    expect([membersOf(object), membersOf(list), membersOf(undefined)]).toEqual([{ a: null }, {}, {}]);
  });

  it('[§14 B] knows a file by each way a program names it, and no other', () => {
    const path = treePaths('tool', 'tree', ['a.js', 'sub/b.js']);
    expect(
      ['/inputs/tree/a.js', '/a.js', './a.js', 'a.js', '/inputs/tree/sub/b.js', '../inputs/tree/sub/b.js'].map(path),
    ).toEqual(['a.js', 'a.js', 'a.js', 'a.js', 'sub/b.js', 'sub/b.js']);
    for (const told of ['/etc/passwd', '../a.js', '/inputs/tree/../a.js', '/inputs/other/a.js', 'sub', ''])
      expect(() => path(told)).toThrow(expect.objectContaining({ code: 'TOOL_REPORT_OUTSIDE' }));
  });
});
