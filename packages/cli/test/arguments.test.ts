import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/arguments.ts';
import type { Invocation } from '../src/command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from '../src/command-table.ts';

function run(...argv: string[]): Invocation {
  const request = parseCommandLine(argv, {});
  if (request.kind !== 'run') throw new Error(`not a command: ${request.kind}`);
  return request.invocation;
}

const failure = (argv: readonly string[]): { message: string; remedy: string; code: string } => {
  try {
    parseCommandLine(argv, {});
  } catch (error) {
    if (error instanceof Error && 'remedy' in error && 'code' in error) {
      return { message: error.message, remedy: String(error.remedy), code: String(error.code) };
    }
    throw error;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
};

describe('a command line', () => {
  it.each(COMMANDS.map((command) => [command.path.join(' '), command] as const))(
    '[§16] mex %s is understood',
    (_, command) => {
      const words = (command.arguments ?? []).map((_argument, at) => `word${at}`);
      const invocation = run(...command.path, ...words);
      expect(invocation.command).toBe(command);
      expect([...invocation.arguments.values()]).toEqual(words);
    },
  );

  it('[§16] home is --home, else $MEX_HOME, else ./.mex', () => {
    const home = (argv: string[], env: NodeJS.ProcessEnv): string => {
      const request = parseCommandLine(argv, env);
      return request.kind === 'run' ? request.invocation.home : '';
    };
    expect(home(['log', 'list', '--home', 'here'], { MEX_HOME: 'there' })).toBe('here');
    expect(home(['log', 'list'], { MEX_HOME: 'there' })).toBe('there');
    expect(home(['log', 'list'], { MEX_HOME: '' })).toBe('.mex');
    expect(home(['log', 'list'], {})).toBe('.mex');
  });

  it('takes options before, between and behind the words', () => {
    for (const argv of [
      ['--limit', '7', 'log', 'list'],
      ['log', '--limit', '7', 'list'],
      ['log', 'list', '--limit=7'],
    ]) {
      expect(run(...argv).options.get('limit')).toEqual(['7']);
    }
  });

  it('takes - as a word, and everything behind --', () => {
    expect(run('run', '-').arguments.get('operation')).toBe('-');
    expect(run('scan', '--', '--odd').arguments.get('path')).toBe('--odd');
  });

  it('collects an option that may be repeated, and refuses others twice', () => {
    expect(run('run', 'op', '--input', 'a=1', '--input', 'b=2').options.get('input')).toEqual(['a=1', 'b=2']);
    expect(failure(['log', 'list', '--limit', '1', '--limit', '2']).message).toContain('twice');
  });

  it.each([
    [['scna', '.'], 'mex scan'],
    [['log', 'lst'], 'mex log list'],
    [['log', 'list', '--limt', '3'], '--limit'],
    [['scan', '.', '--fromat', 'json'], '--format'],
    [['problems', 'list', '--status', 'opne'], 'open'],
  ])('names the nearest thing for %j', (argv, near) => {
    expect(failure(argv).remedy).toContain(near);
  });

  it.each([
    [[], 'Say what to do'],
    [['scan'], 'needs <path>'],
    [['scan', 'a', 'b'], 'does not know what to do with "b"'],
    [['log'], 'needs a command'],
    [['log', 'list', '--limit', '0'], 'above 0'],
    [['log', 'list', '--limit', 'ten'], 'above 0'],
    [['log', 'list', '--limit'], 'needs a value'],
    [['log', 'list', '--home', '--format', 'json'], 'needs a value'],
    [['artifacts', 'verify', '--all=yes'], 'takes no value'],
    [['scan', '.', '--format', 'xml'], 'cannot be "xml"'],
    [['scan', '.', '--limit', '3'], 'no option --limit'],
  ])('refuses %j', (argv, words) => {
    expect(failure(argv)).toMatchObject({ code: 'CLI_USAGE', message: expect.stringContaining(words) });
  });

  it.each([[['bench', 'x']], [['mcp']], [['console']]])('[§16] says that %j is not available yet', (argv) => {
    expect(failure(argv)).toMatchObject({
      code: 'CLI_NOT_AVAILABLE',
      message: expect.stringContaining('not available'),
    });
  });

  it('throws nothing but coded errors, whatever is typed', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'scan',
        'log',
        'list',
        '--home',
        '--format',
        '--',
        '-',
        '--limit=',
        '-h',
        '--no-no-color',
        '__proto__',
        '--__proto__=1',
        'constructor',
      ),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
        try {
          parseCommandLine(argv, {});
        } catch (error) {
          expect(error).toMatchObject({ name: 'MexError' });
        }
      }),
      { seed: 16, numRuns: 500 },
    );
  });
});

describe('the command table', () => {
  it('gives an option the same kind and number in every command', () => {
    const seen = new Map<string, string>();
    for (const option of [...GLOBAL_OPTIONS, ...COMMANDS.flatMap((command) => command.options ?? [])]) {
      const facts = `${option.kind} ${option.multiple ?? false}`;
      expect(seen.get(option.name) ?? facts).toBe(facts);
      seen.set(option.name, facts);
    }
  });

  it('loads code for every command', async () => {
    for (const command of COMMANDS) expect(await command.load()).toBeTypeOf('function');
  });
});
