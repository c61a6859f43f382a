import { writeSync } from 'node:fs';
import { safeJson } from './json.ts';
import { type Piece, renderLine } from './style.ts';
import { layoutTable, type TableOptions } from './table.ts';

/** What a terminal is made from. */
export interface TerminalOptions {
  readonly format: 'text' | 'json';
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Whether a person asked for no colours. */
  readonly plain: boolean;
}

const FLUSH_CHARS = 32 * 1024;
const STDOUT = 1;
const STDERR = 2;
/** How long to wait before writing again to a pipe that is full and does not block, in milliseconds. */
const RETRY_MS = 2;

/**
 * Everything a command prints. Results go to stdout, everything else to stderr; in JSON format stdout takes documents
 * only, and lines for a person are dropped. Nothing reaches either without being made safe.
 */
export class Terminal {
  readonly format: 'text' | 'json';
  readonly stdoutIsTerminal: boolean;
  readonly #stderrIsTerminal: boolean;
  readonly #outColor: boolean;
  readonly #errColor: boolean;
  #buffer = '';
  #closed = false;
  #progressShown = false;

  constructor(options: TerminalOptions) {
    this.format = options.format;
    this.stdoutIsTerminal = options.stdoutIsTerminal;
    this.#stderrIsTerminal = options.stderrIsTerminal;
    this.#outColor = options.stdoutIsTerminal && !options.plain;
    this.#errColor = options.stderrIsTerminal && !options.plain;
  }

  /** Whoever read stdout has gone (`| head`): a command that prints without end stops. */
  get closed(): boolean {
    return this.#closed;
  }

  /** One line of the result, for a person. */
  line(...pieces: readonly Piece[]): void {
    if (this.format === 'text') this.#put(`${renderLine(pieces, this.#outColor)}\n`);
  }

  table(rows: readonly (readonly Piece[])[], options?: TableOptions): void {
    for (const pieces of layoutTable(rows, options)) this.line(...pieces);
  }

  /** The one JSON document of a command. */
  document(value: unknown): void {
    if (this.format === 'json') this.#put(`${safeJson(value)}\n`);
  }

  /** One line of JSON in either format: NDJSON, and results that are JSON for everyone. */
  json(value: unknown, indent = 0): void {
    this.#put(`${safeJson(value, indent)}\n`);
  }

  /** Bytes exactly as they are. Only for stdout that is no terminal. */
  bytes(bytes: Uint8Array): void {
    this.flush();
    this.#write(STDOUT, bytes);
  }

  /** One line to stderr. */
  note(...pieces: readonly Piece[]): void {
    this.flush();
    this.#clearProgress();
    this.#write(STDERR, Buffer.from(`${renderLine(pieces, this.#errColor)}\n`));
  }

  /** What is going on; shown only on a terminal, and replaced by whatever comes next. */
  progress(text: string): void {
    if (!this.#stderrIsTerminal) return;
    this.#clearProgress();
    this.#write(STDERR, Buffer.from(renderLine([text], false)));
    this.#progressShown = true;
  }

  /** Writes out what waits. Call before the process ends. */
  flush(): void {
    if (this.#buffer === '') return;
    this.#clearProgress();
    const text = this.#buffer;
    this.#buffer = '';
    this.#write(STDOUT, Buffer.from(text));
  }

  #put(text: string): void {
    this.#buffer += text;
    if (this.#buffer.length >= FLUSH_CHARS) this.flush();
  }

  #clearProgress(): void {
    if (!this.#progressShown) return;
    this.#progressShown = false;
    this.#write(STDERR, Buffer.from('\r\x1b[2K'));
  }

  #write(descriptor: number, bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !(descriptor === STDOUT && this.#closed)) {
      try {
        at += writeSync(descriptor, bytes, at);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
        else if (code !== 'EPIPE') throw error;
        else if (descriptor === STDOUT) this.#closed = true;
        else return;
      }
    }
  }
}
