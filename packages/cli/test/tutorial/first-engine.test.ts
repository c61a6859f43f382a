import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { installFromPacked } from './packed-packages.ts';

const PAGE = fileURLToPath(new URL('../../../../docs/tutorial/first-engine.md', import.meta.url));
const NPM = fileURLToPath(new URL('./npm.ts', import.meta.url));

interface Block {
  /** What stands behind the three backticks. */
  readonly kind: string;
  readonly text: string;
  readonly line: number;
}

function readBlocks(page: string): Block[] {
  return [...page.matchAll(/^```([a-z]+[^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    kind: match[1] ?? '',
    text: match[2] ?? '',
    line: page.slice(0, match.index).split('\n').length,
  }));
}

/** An empty directory, a `mex` from the packed command line, and an `npm` that needs no registry. */
class Reader {
  readonly root = mkdtempSync(join(tmpdir(), 'mex-tutorial-'));
  /** Where the reader's shell is. */
  cwd = join(this.root, 'empty');
  private readonly bin = join(this.root, 'bin');
  private readonly packed = join(this.root, 'packed');
  private output = '';

  prepare(): void {
    const tools = join(this.root, 'tools');
    for (const dir of [this.cwd, this.bin, this.packed, tools]) mkdirSync(dir);
    writeFileSync(join(tools, 'package.json'), JSON.stringify({ dependencies: { '@mex/cli': VERSION } }));
    installFromPacked(tools, this.packed);
    this.writeCommand('mex', `'${process.execPath}' '${join(tools, 'node_modules/@mex/cli/dist/main.js')}'`);
    this.writeCommand('npm', `'${process.execPath}' '${NPM}'`);
  }

  follow({ kind, text }: Block): void {
    const [language, ...words] = kind.split(' ');
    if (language === 'sh') this.type(text, words.includes('fails'));
    else if (language === 'text') this.compare(text);
    else if (language === 'diff') this.change(text);
    else if (language === 'ts') expect(readFileSync(join(this.cwd, words[0] ?? ''), 'utf8')).toContain(text);
    else throw new Error(`nobody knows what to do with a block of ${kind}`);
  }

  private type(commands: string, fails: boolean): void {
    const where = join(this.root, 'where');
    const script = `set -e\ntrap 'pwd > "${where}"' EXIT\n${commands}`;
    const { status, stdout, stderr } = this.start('bash', ['-c', script]);
    this.output = `${stdout}\n${stderr}`;
    expect(status === 0, `exit code ${status}\n${this.output}`).toBe(!fails);
    this.cwd = readFileSync(where, 'utf8').trim();
  }

  /** Every line of the page is in a line that was printed; `…` stands for anything. */
  private compare(text: string): void {
    const lines = stripVTControlCharacters(this.output).split('\n');
    for (const wanted of text.trimEnd().split('\n')) {
      const pattern = wanted
        .trim()
        .split('…')
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
      const found = lines.some((line) => new RegExp(pattern.join('.*')).test(line));
      expect(found, `"${wanted.trim()}" is not in\n${this.output}`).toBe(true);
    }
  }

  private change(diff: string): void {
    const { status, stderr } = this.start('git', ['apply', '--unidiff-zero', '-'], diff);
    expect(status, stderr).toBe(0);
  }

  private start(command: string, args: readonly string[], input = '') {
    const path = [this.bin, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
    const env = {
      PATH: path,
      HOME: this.root,
      MEX_TEST_PACKED: this.packed,
      XDG_CACHE_HOME: join(tmpdir(), `mex-cli-test-cache-${process.getuid?.() ?? 0}`),
    };
    return spawnSync(command, args, { cwd: this.cwd, env, input, encoding: 'utf8' });
  }

  private writeCommand(name: string, command: string): void {
    const file = join(this.bin, name);
    writeFileSync(file, `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(file, 0o755);
  }
}

describe('[§10] docs/tutorial/first-engine.md', () => {
  const blocks = readBlocks(readFileSync(PAGE, 'utf8'));
  const reader = new Reader();
  beforeAll(() => reader.prepare(), 120_000);
  afterAll(() => rmSync(reader.root, { recursive: true, force: true }));

  it('leads from an empty directory to a certified engine that runs, command by command', () => {
    expect(blocks.filter(({ kind }) => kind.startsWith('sh')).length).toBeGreaterThan(8);
    for (const block of blocks) {
      try {
        reader.follow(block);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`line ${block.line}: ${why}`, { cause });
      }
    }
  }, 120_000);
});
