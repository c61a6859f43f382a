import { clipText } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import type { SandboxErrorCode } from '../errors.ts';
import { LIMITS } from '../limits.ts';

/** An input as the script sees it. `path`: of a file of a directory, otherwise empty. */
export interface GuestInput {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface Failure {
  readonly code: SandboxErrorCode;
  readonly message: string;
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;

/** What a script left behind. Everything that comes in here is hostile, and bounded. */
export class RunRecord {
  /** JSON text of the result. */
  result: string | undefined;
  failure: Failure | undefined;
  droppedLines = 0;
  /** The script ended with nothing but null. */
  isNull = false;
  readonly lines: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  private fileBytes = 0;

  /** Whether the script has said how it ended. */
  get isSettled(): boolean {
    return this.result !== undefined || this.failure !== undefined;
  }

  /** Whether the run is to be ended now: a limit on what it puts out was passed. */
  get isOver(): boolean {
    return this.failure?.code === 'SANDBOX_OUTPUT_LIMIT';
  }

  log(level: string, text: string): void {
    if (this.lines.length >= LIMITS.maxLines) this.droppedLines += 1;
    else this.lines.push(`${level === 'log' ? '' : `[${level}] `}${plainText(text, LIMITS.maxLineChars)}`);
  }

  succeed(json: string): void {
    if (!this.isSettled) this.result = json;
  }

  fail(name: string, message: string, stack: string): void {
    if (this.isSettled) return;
    this.isNull = name === '' && message === 'null';
    const memory = name === 'InternalError' && message === 'out of memory';
    const place = /<anonymous>:(\d+)|<evalScript>:(\d+)|eval:(\d+)/.exec(stack);
    const line = place?.[1] ?? place?.[2] ?? place?.[3];
    const said = plainText([name, message].filter((part) => part !== '').join(': '), 1_000);
    const where = line === undefined ? '' : ` (line ${line})`;
    this.failure = memory
      ? { code: 'SANDBOX_MEMORY', message: 'The script needs more memory than memory_bytes allows.' }
      : { code: 'SANDBOX_SCRIPT_FAILED', message: `The script failed: ${said}${where}` };
  }

  /** A limit that no script gets around by catching an error. */
  exceed(what: string): void {
    this.result = undefined;
    this.failure = { code: 'SANDBOX_OUTPUT_LIMIT', message: `The script puts out more than is allowed: ${what}.` };
  }

  /** @throws Error that the script gets, when the name is none or was used. */
  write(name: string, bytes: Uint8Array): void {
    if (name.length > LIMITS.maxNameChars || !NAME.test(name))
      throw new Error(
        `A name of a file has letters, digits, "._-" and "/", and at most ${LIMITS.maxNameChars} characters.`,
      );
    if (this.files.has(name)) throw new Error('A file of this name was written already.');
    this.fileBytes += bytes.length;
    if (this.files.size >= LIMITS.maxFiles) return this.exceed(`${LIMITS.maxFiles} files`);
    if (this.fileBytes > LIMITS.maxFileBytes) return this.exceed(`${LIMITS.maxFileBytes} bytes of files`);
    this.files.set(name, bytes);
  }
}

/** Text of a script that a person may see. */
function plainText(text: string, maxChars: number): string {
  return clipText(redact(stripControl(text)), maxChars);
}
