import type { EngineHandle } from '@mex/host';
import type { CaseResult } from './report.ts';

/** A tier in which engines are certified. */
export type CertifiedTier = 'thread' | 'process';

/** An engine package on disk: a folder with `package.json`, `dist/` as `mex-engine build` writes it, and `conformance/`. */
export interface EngineDirectory {
  readonly dir: string;
}

/** An engine that the caller holds already. */
export interface EngineWithVectors {
  /** What its package exports. `manifest` is parsed again, as hostile. */
  readonly engine: Pick<EngineHandle, 'manifest' | 'bundle'>;
  /** Its folder `conformance/`. */
  readonly vectors: string;
  /** Its package, where there is one; without it the cases that look at a package do not apply. */
  readonly packageDir?: string;
}

/** What `certify` is told while it runs. */
export type CertifyProgress =
  | { readonly kind: 'started'; readonly cases: number; readonly tiers: readonly CertifiedTier[] }
  | {
      readonly kind: 'case-started';
      readonly id: string;
      readonly title: string;
      readonly tier: CertifiedTier | undefined;
    }
  | { readonly kind: 'case-ended'; readonly result: CaseResult; readonly done: number; readonly cases: number };

export interface CertifyOptions {
  /** Default: every tier that this machine has. One that is asked for and not available is an error. */
  readonly tiers?: readonly CertifiedTier[];
  /** 32 hexadecimal digits, from a report whose findings are to be had again. Default: drawn by chance. */
  readonly seed?: string;
  /** Ids of cases; the others are skipped, and the report is not `complete`. What they build on is run, too. */
  readonly only?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CertifyProgress) => void;
  /**
   * Called at the end where a thread of the engine could not be ended, in code that V8 does not interrupt: it keeps this
   * process from ending by itself, also by `process.exit()`.
   */
  readonly onStuck?: () => void;
  /** Where temporary homes are made; default the system's temporary directory. */
  readonly scratch?: string;
  /** First file of worker threads and program of sandboxed processes, for applications that bundle the runtime. */
  readonly threadEntry?: URL;
  readonly processProgram?: URL;
  /** The folder with `cases/`, `requirements.json` and `expected-failures.json`, for applications that bundle this package. */
  readonly resources?: URL;
}

export type CertifyRequest = (EngineDirectory | EngineWithVectors) & CertifyOptions;
