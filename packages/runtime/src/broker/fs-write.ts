import { MexError, type OperationManifest, type OutputDeclaration } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { Meter } from '../budgets.ts';

/** An output as the engine wrote it, kept until the post-gates let it into the store. */
export interface StagedOutput {
  readonly declaration: OutputDeclaration;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/**
 * `fs.write:artifacts`: declared outputs, each once. They stay with the host until the operation has succeeded, so
 * that partial outputs vanish with it (CONTRACT §9).
 */
export class OutputWriter {
  readonly staged = new Map<string, StagedOutput>();
  private readonly operation: OperationManifest;
  private readonly meter: Meter;

  constructor(operation: OperationManifest, meter: Meter) {
    this.operation = operation;
    this.meter = meter;
  }

  /** @throws MexError for an undeclared or repeated name; JobStop when the budget is used up. */
  write(name: string, bytes: Uint8Array): string {
    const declaration = this.operation.outputs.find((output) => output.name === name);
    if (declaration === undefined)
      throw refused('OUTPUT_UNDECLARED', `This operation declares no output "${name.slice(0, 80)}".`);
    if (this.staged.has(name)) throw refused('OUTPUT_REPEATED', `The output "${name}" was written already.`);
    this.meter.spend('file_writes', 1);
    this.meter.spend('output_bytes', bytes.byteLength);
    const sha256 = sha256Hex(bytes);
    this.staged.set(name, { declaration, bytes, sha256 });
    return sha256;
  }
}

function refused(code: string, message: string): MexError {
  return new MexError({ code, kind: 'validation', message });
}
