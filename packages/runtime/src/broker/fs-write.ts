import { MexError, type OperationManifest, type OutputDeclaration } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { Meter } from '../budgets.ts';
import type { Workspace } from '../workspace.ts';

/** Outputs of more bytes than this wait in the shadow workspace, not in memory. */
const MAX_IN_MEMORY = 1024 * 1024;

/** An output as the engine wrote it, kept until the post-gates let it into the store. */
export interface StagedOutput {
  readonly declaration: OutputDeclaration;
  /** The bytes, or the file in the shadow workspace that holds them. */
  readonly content: Uint8Array | string;
  readonly size: number;
  readonly sha256: string;
}

/**
 * `fs.write:artifacts`: declared outputs, each once. They stay with the host until the operation has succeeded, so
 * that partial outputs vanish with it (CONTRACT §9).
 */
export class OutputWriter {
  readonly staged = new Map<string, StagedOutput>();
  private readonly claimed = new Set<string>();
  private readonly operation: OperationManifest;
  private readonly meter: Meter;
  private readonly workspace: Workspace;

  constructor(operation: OperationManifest, meter: Meter, workspace: Workspace) {
    this.operation = operation;
    this.meter = meter;
    this.workspace = workspace;
  }

  /** @throws MexError for an undeclared or repeated name; JobStop when the budget is used up. */
  async write(name: string, bytes: Uint8Array): Promise<string> {
    const declaration = this.operation.outputs.find((output) => output.name === name);
    if (declaration === undefined) {
      throw refused('OUTPUT_UNDECLARED', `This operation declares no output "${name.slice(0, 80)}".`);
    }
    if (this.claimed.has(name)) throw refused('OUTPUT_REPEATED', `The output "${name}" was written already.`);
    this.claimed.add(name);
    this.meter.spend('file_writes', 1);
    this.meter.spend('output_bytes', bytes.byteLength);
    const sha256 = sha256Hex(bytes);
    const content = bytes.byteLength > MAX_IN_MEMORY ? await this.workspace.spool(bytes) : bytes;
    this.staged.set(name, { declaration, content, size: bytes.byteLength, sha256 });
    return sha256;
  }
}

function refused(code: string, message: string): MexError {
  return new MexError({ code, kind: 'validation', message });
}
