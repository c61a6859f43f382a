import type { ArtifactHandle, EngineResult } from '@mex/envelope';
import type { Host } from '@mex/host';
import type { CacheUse } from '@mex/runtime';
import type { ScanDatabase } from './advisory-database.ts';
import type { AllowLists } from './allow-lists.ts';
import { CHECKS, type Check, type CheckName } from './checks.ts';
import { type InputPins, type PinnedInput, startPins } from './pin-inputs.ts';
import type { ScanPolicy } from './scan-policy.ts';
import type { Gap, ScanTarget } from './scan-target.ts';

/** What a scan is asked for. */
export interface ScanRequest {
  readonly target: ScanTarget;
  readonly checks: ReadonlySet<CheckName>;
  readonly release: boolean;
  /** Also look for secrets in what the history of the repository holds. Default: no. */
  readonly history?: boolean;
  readonly policy: ScanPolicy;
  readonly signal: AbortSignal;
  /** Whether a result of an earlier scan may answer, if nothing that matters has changed. Default: yes. */
  readonly cache?: CacheUse;
  /** Told when a check begins, and when it has ended. */
  readonly onProgress: (name: CheckName, state: 'running' | EngineResult['status']) => void;
}

/** One check that was sent through the gates. */
export interface RanCheck {
  readonly check: Check;
  readonly result: EngineResult;
  readonly inputs: readonly ArtifactHandle[];
  /** What it was to look at and could not. */
  readonly gaps: readonly Gap[];
  /** Why it had nothing to run on; its operation was then denied for want of an input. */
  readonly missing: string | undefined;
  /** What was asked of a server for it, before. */
  readonly asked?: EngineResult | undefined;
}

/** What the checks work with. */
export interface CheckInputs {
  readonly runId: string;
  /** RFC 3339, whole seconds: what documents state as their time. */
  readonly timestamp: string;
  /** As `timestamp`: what ages and expiries are measured against. */
  readonly asOf: string;
  readonly database: ScanDatabase;
  readonly allowLists: AllowLists;
}

/** Runs every check that was asked for: those that need the SBOM after it, all others at once (CONTRACT §13). */
export async function runChecks(host: Host, request: ScanRequest, inputs: CheckInputs): Promise<RanCheck[]> {
  const runner = new CheckRunner(host, request, inputs);
  // Started first: the vulnerability and the license scan wait for it.
  const sbom = runner.wants('sbom') ? runner.runSbom() : undefined;
  const all = await Promise.allSettled([
    sbom,
    runner.wants('vuln') ? runner.runVuln(sbom) : undefined,
    runner.wants('license') ? runner.runLicense(sbom) : undefined,
    runner.wants('secret') ? runner.runSecret() : undefined,
  ]);
  return all.flatMap((settled) => {
    if (settled.status === 'rejected') throw settled.reason;
    return settled.value === undefined ? [] : [settled.value];
  });
}

/** Names of what an SBOM scan hands on. */
const BILL = 'sbom.cdx.json';
const NO_BILL = 'there is no SBOM to read packages from';
/** Longer than any database is old: without --release an old one is a warning, and the engine is not to refuse it. */
const ANY_AGE_DAYS = 36_500;

/** How one operation of a check differs from the others. */
interface RunOptions {
  readonly gaps?: readonly Gap[];
  readonly missing?: string | undefined;
  /** Default: the one of the check. */
  readonly operation?: string;
  /** Default: what the operation declares. */
  readonly capabilities?: readonly string[];
}

class CheckRunner {
  readonly #host: Host;
  readonly #request: ScanRequest;
  readonly #inputs: CheckInputs;
  readonly #pins: InputPins;

  constructor(host: Host, request: ScanRequest, inputs: CheckInputs) {
    this.#host = host;
    this.#request = request;
    this.#inputs = inputs;
    this.#pins = startPins(host, request);
  }

  wants(name: CheckName): boolean {
    return this.#request.checks.has(name);
  }

  async runSbom(): Promise<RanCheck> {
    const pin = await this.#pins.lockfiles;
    return this.#run('sbom', handlesOf(pin.handle), statedTime(), { gaps: pin.gaps });
  }

  async runVuln(sbom: Promise<RanCheck> | undefined): Promise<RanCheck> {
    const bill = billOf(await sbom);
    const { database, allowLists, timestamp, asOf: as_of } = this.#inputs;
    const { release, policy } = this.#request;
    const asked = bill !== undefined && 'endpoint' in database ? await this.#ask(bill, database.endpoint) : undefined;
    // A server that did not answer is the end of this check: there is nothing to hold the SBOM against.
    if (asked !== undefined && asked.result.status !== 'succeeded') return asked;
    const known = 'tool' in database ? allowLists.vex : this.#advisories(database, asked);
    const max_age_days = release ? policy.maxAgeDays : ANY_AGE_DAYS;
    const accepted = 'tool' in database ? { accept_unknown_age: !release || policy.acceptUnknownAge } : {};
    const params = { timestamp, as_of, max_age_days, ...accepted };
    const inputs = bill === undefined ? [] : [bill, ...known];
    const ran = await this.#run('vuln', inputs, params, bill === undefined ? { missing: NO_BILL } : {});
    return asked === undefined ? ran : { ...ran, asked: asked.result };
  }

  #advisories(database: ScanDatabase, asked: RanCheck | undefined): readonly ArtifactHandle[] {
    const handle = 'handle' in database ? database.handle : asked?.result.evidence[0];
    return handle === undefined ? [] : [handle, ...this.#inputs.allowLists.vex];
  }

  /** Asks the OSV server of the scan policy about the packages of an SBOM. It needs consent for its host, and for no other. */
  #ask(bill: ArtifactHandle, endpoint: string): Promise<RanCheck> {
    const capabilities = ['fs.read:inputs', 'fs.write:artifacts', `net.http:${new URL(endpoint).host}`];
    return this.#run('vuln', [bill], { endpoint }, { operation: 'vuln.query', capabilities });
  }

  async runLicense(sbom: Promise<RanCheck> | undefined): Promise<RanCheck> {
    const ran = await sbom;
    const pin = await this.#pins.licenses;
    const { allowLists, timestamp } = this.#inputs;
    // Without the SBOM the packages would be overlooked, whatever license files lie about.
    const bill = billOf(ran);
    const inputs = bill === undefined ? [] : handlesOf(bill, pin.handle, allowLists.licensePolicy);
    return this.#run('license', inputs, { timestamp }, noneOf(pin, bill === undefined ? NO_BILL : undefined));
  }

  async runSecret(): Promise<RanCheck> {
    const pin = await this.#pins.secrets;
    const history = await this.#pins.history;
    const { allowLists, timestamp } = this.#inputs;
    const inputs = pin.handle === undefined ? [] : handlesOf(pin.handle, history.handle, allowLists.secretBaseline);
    // A history that could not be pinned is a gap; the tree is looked at all the same.
    const params = history.handle === undefined ? { timestamp } : { timestamp, history: true };
    const { gaps, missing } = noneOf(pin, undefined);
    return this.#run('secret', inputs, params, { gaps: [...gaps, ...history.gaps], missing });
  }

  async #run(
    name: CheckName,
    inputs: readonly ArtifactHandle[],
    params: Readonly<Record<string, unknown>>,
    { gaps = [], missing, operation, capabilities }: RunOptions,
  ): Promise<RanCheck> {
    const check = checkNamed(name);
    const { engineId, job } = check;
    this.#request.onProgress(name, 'running');
    const planned = this.#host.plan({
      engineId,
      operation: operation ?? check.operation,
      inputs,
      params,
      ...(capabilities === undefined ? {} : { capabilities }),
      context: { run_id: this.#inputs.runId, job_id: job },
    });
    const { signal, cache = 'use' } = this.#request;
    const result = await this.#host.execute(planned, { signal, cache });
    this.#request.onProgress(name, result.status);
    return { check, result, inputs, gaps, missing };
  }
}

function noneOf({ handle, gaps }: PinnedInput, missing: string | undefined) {
  return { gaps, missing: missing ?? (handle === undefined ? 'the directory could not be pinned' : undefined) };
}

function checkNamed(name: CheckName): Check {
  const check = CHECKS.find((one) => one.name === name);
  if (check === undefined) throw new Error(`no check ${name}`);
  return check;
}

function handlesOf(...handles: readonly (ArtifactHandle | undefined)[]): ArtifactHandle[] {
  return handles.filter((handle) => handle !== undefined);
}

function billOf(sbom: RanCheck | undefined): ArtifactHandle | undefined {
  return sbom?.result.outputs.find(({ name }) => name === BILL);
}

/**
 * SOURCE_DATE_EPOCH, the reproducible-builds convention: seconds since 1970 that the SBOM states as its time. It is for
 * documents only: a build that sets it to the time of a commit must not bring expired allow list entries back to life.
 */
function statedTime(): Record<string, string> {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  if (epoch === undefined || !/^\d{1,11}$/.test(epoch)) return {};
  return { timestamp: `${new Date(Number(epoch) * 1_000).toISOString().slice(0, 19)}Z` };
}
