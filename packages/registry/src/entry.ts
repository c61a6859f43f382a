import {
  BUDGET_FIELDS,
  CHECKERS,
  type Checker,
  canonicalJson,
  compileParamsSchema,
  type EngineManifest,
  type OperationManifest,
  parseStrictJson,
  verifyCapabilities,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { CertificateStanding, CertifiedEngine } from './certificate.ts';
import { entryError } from './errors.ts';

/** Where a bundle's bytes come from, and what they must hash to. */
export interface BundleRef {
  /** `file:` URL or absolute path. */
  readonly location: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** An operation with its compiled params checker. */
export interface RegisteredOperation {
  readonly name: string;
  readonly manifest: OperationManifest;
  readonly params: () => Checker<Record<string, unknown>>;
}

/** An engine the runtime may be asked for. */
export interface RegisteredEngine {
  /** A frozen copy of what was registered: `manifestSha256` stays its digest. */
  readonly manifest: EngineManifest;
  readonly manifestSha256: string;
  readonly bundle: BundleRef;
  readonly operations: ReadonlyMap<string, RegisteredOperation>;
  /** Who vouches for exactly this digest (CONTRACT §10), as of when the registry was made; looked at when first asked for. */
  readonly certificate: CertificateStanding;
  /** Who registered it: shipped with MEX, or added by the operator. */
  readonly origin: 'shipped' | 'added';
}

/**
 * Checks a manifest and wraps it for lookups.
 * @param standing judges the certificate; without it there is none
 * @throws MexError `ENVELOPE_INVALID`, `PARAMS_SCHEMA_UNSUPPORTED`, `HSK-4001` or `REGISTRY_ENTRY_INVALID`, when the
 *   manifest breaks the contract.
 */
export function registerManifest(
  manifest: unknown,
  location: string,
  origin: RegisteredEngine['origin'],
  standing: (engine: CertifiedEngine) => CertificateStanding = () => ({ state: 'absent' }),
): RegisteredEngine {
  const { parsed, sha256 } = snapshot(manifest);
  const operations = new Map<string, RegisteredOperation>();
  for (const [name, operation] of Object.entries(parsed.operations)) {
    verifyCapabilities(operation.capabilities, `Operation ${name} of ${parsed.engine_id}`);
    verifyOperation(parsed, name, operation);
    // Now, not at first use: what is not in the dialect disables the engine, and no operation meets it half way.
    const params = compileParamsSchema(operation.params_schema);
    operations.set(name, { name, manifest: operation, params: () => params });
  }
  verifyBudgets(parsed);
  let certificate: CertificateStanding | undefined;
  return {
    manifest: parsed,
    manifestSha256: sha256,
    bundle: { location, sha256: parsed.bundle.sha256, sizeBytes: parsed.bundle.size_bytes },
    operations,
    get certificate() {
      certificate ??= Object.freeze(standing({ manifest: parsed, manifestSha256: sha256 }));
      return certificate;
    },
    origin,
  };
}

/** What is checked, digested and kept is one and the same: a caller's object could change afterwards. */
function snapshot(manifest: unknown): { parsed: EngineManifest; sha256: string } {
  const text = canonicalJson(CHECKERS.engineManifest.parse(manifest, 'The engine manifest'));
  const parsed = CHECKERS.engineManifest.parse(parseStrictJson(text), 'The engine manifest');
  freezeAll(parsed);
  return { parsed, sha256: sha256Hex(text) };
}

function freezeAll(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freezeAll(member);
}

/** An operation promises no more than its engine (CONTRACT §3 `determinism`), and what it declares can be kept. */
function verifyOperation(engine: EngineManifest, name: string, operation: OperationManifest): void {
  const refuse = (why: string): Error =>
    entryError(engine.engine_id, `operation ${name} ${why}`, 'Correct the engine, build it again and add it again.');
  // 'D0' < 'D1' < 'D2' < 'D3'.
  if (operation.determinism_ceiling > engine.determinism_ceiling) {
    throw refuse(`promises ${operation.determinism_ceiling}, its engine only ${engine.determinism_ceiling}`);
  }
  if (operation.inputs.min > operation.inputs.max) throw refuse('takes more inputs at least than at most');
  const names = operation.outputs.map((output) => output.name);
  if (new Set(names).size < names.length) throw refuse('declares two outputs of one name');
}

function verifyBudgets({ engine_id, default_budget, budget_ceilings }: EngineManifest): void {
  const field = BUDGET_FIELDS.find((name) => default_budget[name] > budget_ceilings[name]);
  if (field === undefined) return;
  throw entryError(
    engine_id,
    `its default ${field} is above its own ceiling`,
    'Raise the ceiling or lower the default.',
  );
}
