import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, mex, STACK_TRACE, scratch } from './mex.ts';

const dir = scratch();
const file = join(dir, 'notes.txt');
writeFileSync(file, 'not JSON');
const broken = join(dir, 'broken');
mkdirSync(broken);
writeFileSync(join(broken, 'log.db'), 'this is no database at all');
const lost = join(dir, 'nowhere');

/** argv, exit code, words of the message. */
const REFUSED: readonly (readonly [readonly string[], number, string])[] = [
  [[], 2, 'Say what to do'],
  [['lgo'], 2, 'no command "lgo"'],
  [['mcp'], 2, 'not available in this version'],
  [['replay'], 2, 'Say what to replay'],
  [['scan', '.', '--only', 'sbom,vulns'], 2, 'does not know "vulns"'],
  [['scan', '.', '--sarif', dir], 2, 'is a directory'],
  [['scan', '.', '--out', file], 2, 'no directory'],
  [['scan', '.', '--policy', lost], 2, 'does not exist'],
  [['scan', '.', '--osv', lost, '--home', join(dir, 'home')], 2, 'no such file'],
  [['db', 'show', '--home', lost], 2, 'nothing recorded'],
  [['db', 'update', '--home', lost], 2, 'downloads nothing'],
  [['db', 'import', lost, '--home', lost], 2, 'cannot be read'],
  [['db', 'import', file, '--home', lost], 2, 'No usable advisory'],
  [['scan', lost], 2, 'does not exist'],
  [['scan', file], 2, 'not a lockfile'],
  [['run', lost], 2, 'does not exist'],
  [['run', dir], 2, 'is a directory'],
  [['run', file, '--home', join(dir, 'home')], 2, 'JSON'],
  [['run', file, '--input', 'nonsense'], 2, '--input does not understand'],
  [['run', file, '--input', `x=${lost}`], 2, 'does not exist'],
  [['engines', 'show', 'engine.supply_chain.sbmo'], 2, 'No engine'],
  [['engines', 'add', dir], 2, 'no built engine package'],
  [['engines', 'remove', 'engine.supply_chain.sbom'], 2, 'comes with MEX'],
  [['log', 'list', '--home', lost], 2, 'nothing recorded'],
  [['log', 'list', '--home', broken, '--since', 'yesterday'], 2, '--since does not understand'],
  [['log', 'list', '--home', broken, '--type', 'gate'], 2, 'no event type'],
  [['log', 'list', '--home', broken], 6, 'cannot be read'],
  [['log', 'verify', '--home', broken], 6, 'cannot be read'],
  [['problems', 'list', '--home', broken], 6, 'cannot be read'],
  [['scan', dir, '--home', broken], 6, 'cannot be read'],
  [['problems', 'list', '--home', lost], 2, 'nothing recorded'],
  [['artifacts', 'list', '--home', lost], 2, 'nothing recorded'],
  [['artifacts', 'verify', '--home', lost], 2, 'one artifact, or --all'],
  [['scan', dir, '--home', join(file, 'below')], 2, 'not a directory'],
  [['completion', 'fish'], 2, 'no completion'],
];

describe('[§16] what cannot be done is said in words', () => {
  it.each(REFUSED)('mex %j exits with %d', async (argv, code, words) => {
    const result = await mex(argv);
    expect(result.stderr).toContain('mex: ');
    expect(result.stderr).toContain(words);
    expect(result.stderr).toContain('→');
    expect(result.stderr).not.toMatch(STACK_TRACE);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' });
  });

  it.each(REFUSED.filter((_, at) => at % 5 === 1))(
    'mex %j --format json prints one document',
    async (argv, code, words) => {
      const result = await mex([...argv, '--format', 'json']);
      expect(documentOf(result)['error']).toMatchObject({
        message: expect.stringContaining(words),
        remedy: expect.any(String),
      });
      expect(result.code).toBe(code);
    },
  );

  it('shows a stack only when MEX_DEBUG asks for it', async () => {
    expect((await mex(['scan', lost], { env: { MEX_DEBUG: '1' } })).stderr).toMatch(STACK_TRACE);
  });

  it('makes no home for a command that was wrong', async () => {
    const home = join(dir, 'never');
    await mex(['scan', lost, '--home', home]);
    expect((await mex(['log', 'list', '--home', home])).stderr).toContain('nothing recorded');
  });
});

describe('help', () => {
  it('[§16] lists every command, and each has its own page', async () => {
    const all = await mex(['help']);
    expect(all.code).toBe(0);
    for (const words of [
      'mex scan <path>',
      'mex run <operation>',
      'mex log verify',
      'mex problems ack <id>',
      'Exit codes',
    ]) {
      expect(all.stdout).toContain(words);
    }
    const one = await mex(['log', 'verify', '--help']);
    expect(one.stdout).toContain('--checkpoint <file>');
    expect((await mex(['help', 'log'])).stdout).toContain('mex log follow');
  });

  it('is a document in JSON', async () => {
    expect(documentOf(await mex(['help', 'scan', '--format', 'json']))['commands']).toMatchObject([
      { command: 'scan' },
    ]);
    expect(documentOf(await mex(['--version', '--format', 'json']))).toMatchObject({ name: 'mex' });
  });

  it('names the nearest topic', async () => {
    const result = await mex(['help', 'engine']);
    expect({ code: result.code, stderr: result.stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('mex help engines'),
    });
  });

  it('completes in bash', async () => {
    const { stdout } = await mex(['completion', 'bash']);
    expect(stdout).toContain('complete -o filenames -F _mex mex');
    expect(stdout).toContain('log) words="list show follow verify export"');
  });
});
