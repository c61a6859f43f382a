import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Block } from './blocks.ts';
import { ROOT } from './files.ts';

const MAIN = join(ROOT, 'packages/cli/dist/main.js');
const CACHE = join(tmpdir(), `mex-cli-test-cache-${process.getuid?.() ?? 0}`);
/** What of an engine's folder is in its package. */
const PACKED = ['package.json', 'dist', 'conformance'];

/** Somebody who reads a page and types what it says, in an empty directory, with `mex` on the PATH. */
export class Reader {
  readonly #root = mkdtempSync(join(tmpdir(), 'mex-docs-'));
  readonly #here = join(this.#root, 'here');
  readonly #bin = join(this.#root, 'bin');
  readonly #where = join(this.#root, 'where');
  readonly #variables = join(this.#root, 'variables');
  #output = '';

  constructor(page: string) {
    for (const dir of [this.#here, this.#bin]) mkdirSync(dir);
    writeFileSync(this.#where, this.#here);
    writeFileSync(this.#variables, '');
    this.#provide('mex', `'${process.execPath}' '${MAIN}'`);
    // The packages as they are here, not as they were built last.
    this.#provide('node', `'${process.execPath}' --conditions=@mex/source`);
    this.#lay(page);
  }

  #provide(name: string, command: string): void {
    writeFileSync(join(this.#bin, name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  }

  /**
   * What a page begins with: `<!-- here: examples/engine-hello as hello -->`, a built engine; `<!-- here: packages -->`,
   * the packages of MEX, installed; `<!-- here: checkout -->`, the command of a checkout, `./mex`.
   */
  #lay(page: string): void {
    if (page.includes('\n<!-- here: checkout -->\n')) symlinkSync(join(this.#bin, 'mex'), join(this.#here, 'mex'));
    if (page.includes('\n<!-- here: packages -->\n'))
      symlinkSync(join(ROOT, 'examples/docs/node_modules'), join(this.#here, 'node_modules'));
    for (const [, from = '', to = ''] of page.matchAll(/^<!-- here: (\S+) as (\S+) -->$/gm)) {
      const target = join(this.#here, to);
      mkdirSync(target);
      for (const part of PACKED) cpSync(join(ROOT, from, part), join(target, part), { recursive: true });
    }
  }

  /** Does what a block says. @throws Error when it goes otherwise than the page says */
  async follow(block: Block): Promise<void> {
    if (block.kind === 'sh') await this.#type(block);
    if (block.kind === 'text') this.#compare(block.text);
    if (block.kind === 'ts') this.#save(block);
  }

  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** `ts file audit.ts`: a file that the reader makes where they are. */
  #save({ text, info }: Block): void {
    const [, name = ''] = /^file ([\w-]+\.ts)$/.exec(info) ?? [];
    if (name === '') throw new Error(`nobody knows what "ts ${info}" means`);
    writeFileSync(join(readFileSync(this.#where, 'utf8').trim(), name), `${text}\n`);
  }

  async #type({ text, info }: Block): Promise<void> {
    const [, wanted = '0'] = /^exits (\d)$/.exec(info) ?? [];
    if (info !== '' && !info.startsWith('exits ')) throw new Error(`nobody knows what "sh ${info}" means`);
    const { code, output } = await this.#start(text);
    this.#output = output;
    if (String(code) !== wanted) throw new Error(`exit code ${code}, not ${wanted}:\n${output}`);
  }

  /** Directory and variables are those that the block before has left. */
  #start(text: string): Promise<{ code: number | null; output: string }> {
    const keep = `pwd > '${this.#where}'; export -p > '${this.#variables}'`;
    const script = `set -ae\ncd "$(cat '${this.#where}')"\n. '${this.#variables}'\ntrap "${keep}" EXIT\n${text}\n`;
    const env = {
      PATH: [this.#bin, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
      HOME: this.#root,
      XDG_CACHE_HOME: CACHE,
    };
    const child = spawn('bash', ['-c', script], { cwd: this.#here, env });
    child.stdin.end();
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        output += piece;
      });
    }
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, output }));
    });
  }

  /** Every line of the block is part of a line that was printed, in this order; `…` stands for anything. */
  #compare(text: string): void {
    const lines = stripVTControlCharacters(this.#output).split('\n');
    let from = 0;
    for (const wanted of text.split('\n').filter((line) => line.trim() !== '')) {
      const pattern = new RegExp(wanted.trim().split('…').map(escapePattern).join('.*').replaceAll(/ +/g, ' +'));
      const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
      if (at < 0) throw new Error(`"${wanted.trim()}" is not next in\n${this.#output}`);
      from = at + 1;
    }
  }
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
