import { coversCapability, MexError, splitCapability } from '@mex/envelope';
import { MASK } from '@mex/guard';
import type { Meter } from '../budgets.ts';
import type { Grant } from '../grant.ts';
import { searchFor } from '../leaks.ts';
import type { Jailed, JailSpec } from '../sandbox/jail/launch.ts';
import { systemMounts } from '../sandbox/jail/system-mounts.ts';
import type { HttpFetchCall, ToolExecCall, ToolExecValue } from '../sandbox/protocol.ts';
import type { Workspace } from '../workspace.ts';
import type { Answer } from './broker.ts';
import { type HostAddress, matchHostScope } from './net-http/host-scope.ts';
import { type Dial, HttpBroker } from './net-http/http-broker.ts';
import { HTTP_LIMITS } from './net-http/http-limits.ts';
import type { HttpRecord } from './net-http/http-record.ts';
import { secretHostRefused } from './net-http/secret-watch.ts';
import type { TerminalCommandBody, ToolDenial } from './proc-exec/run-record.ts';
import type { InputSource } from './proc-exec/tool-inputs.ts';
import { ToolRunner, type ToolUsage } from './proc-exec/tool-runner.ts';
import type { Toolbox } from './proc-exec/toolbox.ts';
import { ScopeReader } from './scope-read.ts';
import { SecretHolder, type SecretSource } from './secrets.ts';

/** What the operator lets the outside be: looked up in policy, never taken from an engine or a planner. */
export interface Outside {
  /** `fs.read:<scope>`: name → absolute directory. */
  readonly scopes: Readonly<Record<string, string>>;
  /** Hosts (`host` or `host:port`) whose private addresses may be reached. */
  readonly privateHosts: readonly string[];
  /** Engine id → ids of secrets whose value that engine may see. */
  readonly readableSecrets: Readonly<Record<string, readonly string[]>>;
  readonly secrets: SecretSource | undefined;
  /** Secret id → scopes of `net.http` it may be sent to; a secret that is not here goes to any host that is granted. */
  readonly secretHosts: Readonly<Record<string, readonly string[]>>;
  /** PEM certificates that `net.http` trusts instead of Node's. */
  readonly ca: readonly string[] | undefined;
  /** An address for a host, instead of asking a resolver: the application's own word, and not checked. */
  readonly dial: Dial | undefined;
  /** External programs that policy names. */
  readonly toolbox: Toolbox | undefined;
  /** Starts jails on this machine, once they were proven; `undefined` where none holds. */
  readonly jail: () => Promise<((spec: JailSpec) => Jailed) | undefined>;
}

/** A path of this length may have been cut. */
const CUT_PATH_CHARS = 256;

/** Nothing outside is there. */
export const NO_OUTSIDE: Outside = {
  scopes: {},
  privateHosts: [],
  readableSecrets: {},
  secrets: undefined,
  secretHosts: {},
  ca: undefined,
  dial: undefined,
  toolbox: undefined,
  jail: () => Promise.resolve(undefined),
};

export interface AxesOptions {
  readonly grant: Grant;
  readonly meter: Meter;
  readonly outside: Outside;
  /** Whether a consent is still in force; asked on every call (CONTRACT §7). */
  readonly isConsentLive: (consentId: string) => boolean;
  /** As the broker's own check: records the use, or refuses. @throws MexError */
  readonly require: (capabilityId: string, call: string) => void;
  readonly workspace: Workspace;
  readonly inputs: InputSource;
  readonly toolRecords: ToolRecords;
}

/** Where what external programs did is put. */
export interface ToolRecords {
  /** Stores what a program wrote. @returns the artifact's id */
  readonly keep: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => Promise<string>;
  /** FR-EVT-001, written before the engine hears of the run. */
  readonly onCommand: (body: TerminalCommandBody) => Promise<void>;
  readonly onDenial: (denial: ToolDenial) => void;
}

/** The axes of an operation that reach beyond its inputs and outputs. Each is made when it is first used. */
export class Axes {
  readonly secrets: SecretHolder;
  private readonly options: AxesOptions;
  private readonly ended = new AbortController();
  private madeHttp: HttpBroker | undefined;
  private madeScopes: ScopeReader | undefined;
  private madeTools: Promise<ToolRunner> | undefined;
  private tools: ToolRunner | undefined;
  private readonly records: Promise<void>[] = [];
  private begunAt: number | undefined;

  constructor(options: AxesOptions) {
    this.options = options;
    const { grant, outside } = options;
    const { engine_id } = grant.manifest;
    const allowed = Object.hasOwn(outside.readableSecrets, engine_id) ? (outside.readableSecrets[engine_id] ?? []) : [];
    const wanted = grant.operation.readable_secrets ?? [];
    this.secrets = new SecretHolder(
      outside.secrets,
      wanted.filter((id) => allowed.includes(id)),
    );
  }

  /** Requests that were made, for the log: no value that was handed out is in them. All are looked through: ask once. */
  get httpRecords(): readonly HttpRecord[] {
    const records = this.madeHttp?.records ?? [];
    const search = searchFor(this.secrets.handed);
    if (search === undefined) return records;
    const known = new Map<string, string>();
    const clean = (text: string): string => {
      const masked = known.get(text) ?? search.redactor.redact(text);
      known.set(text, masked);
      return masked;
    };
    return records.map((made) => ({
      ...made,
      origin: clean(made.origin),
      // Half a value at the end of a path that was cut would not be recognised.
      path: made.path.length >= CUT_PATH_CHARS ? MASK : clean(made.path),
      capabilityId: clean(made.capabilityId),
    }));
  }

  /** The capability that the request which failed with this needed. It may hold a value that was handed out. */
  httpCapabilityOf(thrown: Error): string | undefined {
    return this.madeHttp?.capabilityOf(thrown);
  }

  /** What external programs took, and which they were. */
  get toolUsage(): ToolUsage {
    return this.tools?.usage ?? { cpuMs: 0, memoryBytes: 0 };
  }

  get toolVersions(): Readonly<Record<string, string>> {
    return this.tools?.toolVersions ?? {};
  }

  /** At every call that is served. Wall time counts from the first: before it, the operation may have waited for a lane. */
  begin(): void {
    this.begunAt ??= performance.now();
  }

  /** Ends everything that is under way. Resolves when nothing of it is left. @throws what recording a run threw */
  async close(reason: Error): Promise<void> {
    this.ended.abort(reason);
    this.madeScopes?.close(reason);
    await (await this.madeTools?.catch(() => undefined))?.close();
    await Promise.all(this.records);
  }

  async exec(call: ToolExecCall, stdin: Uint8Array | undefined): Promise<Answer> {
    const { toolbox } = this.options.outside;
    if (toolbox === undefined) return this.refuseTool(call);
    this.madeTools ??= this.createTools(toolbox);
    const tools = await this.madeTools;
    const { tool, args, inputs, outputs, withhold, timeout_ms } = call;
    const answer = await tools.exec({
      tool,
      args,
      inputs,
      outputs,
      withhold,
      ...(call.has_stdin ? { stdin: stdin ?? new Uint8Array() } : {}),
      ...(timeout_ms === undefined ? {} : { timeout_ms }),
    });
    // The run is on the disk before the engine hears of it.
    await Promise.all(this.records);
    const files = answer.outputs.map((file) =>
      'bytes' in file ? { name: file.name, size: file.bytes.byteLength } : { name: file.name, refused: file.refused },
    );
    const parts = [
      answer.stdout,
      answer.stderr,
      ...answer.outputs.flatMap((file) => ('bytes' in file ? [file.bytes] : [])),
    ];
    const value: ToolExecValue = {
      exit_code: answer.exitCode,
      stdout_bytes: answer.stdout.byteLength,
      stderr_bytes: answer.stderr.byteLength,
      files,
    };
    return { value, bytes: Buffer.concat(parts) };
  }

  list(scope: string, path: string): Answer {
    this.options.require(`fs.read:${scope}`, 'scope.list');
    return this.scopes().list(scope, path);
  }

  read(scope: string, path: string): Promise<Answer> {
    this.options.require(`fs.read:${scope}`, 'scope.read');
    return this.scopes().read(scope, path);
  }

  async secret(id: string): Promise<Answer> {
    this.options.require(`secrets.use:${id}`, 'secret.value');
    return { value: await this.secrets.read(id) };
  }

  async fetch(call: HttpFetchCall, body: Uint8Array | undefined): Promise<Answer> {
    const answer = await this.http().request({
      url: call.url,
      method: call.method,
      headers: call.headers,
      redirect: call.redirect,
      ...(call.has_body ? { body: body ?? new Uint8Array() } : {}),
      ...(call.timeout_ms === undefined ? {} : { timeoutMs: call.timeout_ms }),
      ...(call.max_bytes === undefined ? {} : { maxBytes: call.max_bytes }),
    });
    const { status, url, headers, redirects } = answer;
    return { value: { status, url, headers, redirects }, bytes: answer.body };
  }

  /** `gpu.compute` and `device.*` can be granted and consented to; nothing here can serve them. */
  device(capabilityId: string): never {
    const { axis } = splitCapability(capabilityId);
    const known = axis === 'gpu.compute' || axis.startsWith('device.');
    if (known) this.options.require(capabilityId, 'device.use');
    throw new MexError({
      code: 'DEVICE_UNAVAILABLE',
      kind: 'capability',
      message: known ? `No broker for ${axis} exists in this runtime.` : 'This is no device.',
      remedy: 'Compute on the CPU, or hand the data in as an input.',
    });
  }

  private http(): HttpBroker {
    this.madeHttp ??= this.createHttp();
    return this.madeHttp;
  }

  private createHttp(): HttpBroker {
    const { grant, meter, outside, require, isConsentLive } = this.options;
    const covers = (granted: string, target: HostAddress): boolean =>
      granted === 'net.http' ||
      (granted.startsWith('net.http:') &&
        matchHostScope(granted.slice('net.http:'.length), target.host, target.port, target.protocol));
    const { secrets } = this;
    return new HttpBroker({
      isGranted: (scope, target) => {
        const found = grant.capabilities.find(
          ({ capabilityId, consentId }) =>
            covers(capabilityId, target) && (consentId === undefined || isConsentLive(consentId)),
        );
        // What was granted is what is used; a wildcard grant was used as the wildcard it is. One whose consent has
        // ended refuses in words of its own.
        const standing = found ?? grant.capabilities.find(({ capabilityId }) => covers(capabilityId, target));
        if (standing !== undefined) require(standing.capabilityId, 'http.fetch');
        return found !== undefined;
      },
      privateHosts: outside.privateHosts,
      spend: (field, amount) => meter.spend(field, amount),
      remaining: (field) => meter.remaining(field),
      secret: (id, origin) => {
        require(`secrets.use:${id}`, 'http.fetch');
        verifySecretHost(outside.secretHosts, id, origin);
        return secrets.useAt(id, origin);
      },
      watched: {
        handed: secrets.handed,
        hidden: () => secrets.hidden,
        mayGo: (value, { origin }) =>
          secrets.idsOf(value).some((id) => isHostOf(outside.secretHosts, id, origin) ?? secrets.isKnownAt(id, origin)),
      },
      signal: this.ended.signal,
      limits: { responseBytes: Math.min(HTTP_LIMITS.responseBytes, grant.budget.memory_bytes) },
      ...(outside.ca === undefined ? {} : { ca: outside.ca }),
      ...(outside.dial === undefined ? {} : { dial: outside.dial }),
    });
  }

  /** Where policy names no programs, asking for one is still a use of the capability. */
  private refuseTool({ tool }: ToolExecCall): never {
    this.options.require(`proc.exec:${tool}`, 'tool.exec');
    const message = 'The policy names no external programs.';
    const remedy = 'Add the program to the tools of policy.json.';
    const code = 'TOOL_NOT_ALLOWED';
    this.options.toolRecords.onDenial({ tool, code, args: [], detail: `${message} ${remedy}` });
    throw new MexError({ code, kind: 'capability', message, remedy });
  }

  private async createTools(toolbox: Toolbox): Promise<ToolRunner> {
    const { grant, meter, outside, require, workspace, inputs, toolRecords } = this.options;
    const begunAt = this.begunAt ?? performance.now();
    const wallLeft = (): number => Math.max(1, grant.budget.wall_time_ms - (performance.now() - begunAt));
    this.tools = new ToolRunner({
      sessionId: grant.opId,
      toolbox,
      launch: await outside.jail(),
      system: systemMounts,
      require: (id) => require(id, 'tool.exec'),
      spend: (field, amount) => meter.spend(field, amount),
      remaining: (field) => (field === 'wall_time_ms' ? wallLeft() : meter.remaining(field)),
      directories: { work: workspace.directory('work'), inputs: workspace.directory('inputs') },
      inputs,
      keep: toolRecords.keep,
      onEvent: (body) => {
        const recorded = toolRecords.onCommand(body);
        recorded.catch(() => undefined);
        this.records.push(recorded);
      },
      onDenial: toolRecords.onDenial,
    });
    return this.tools;
  }

  private scopes(): ScopeReader {
    this.madeScopes ??= new ScopeReader(this.options.outside.scopes, this.options.grant.budget.memory_bytes);
    return this.madeScopes;
  }
}

/** A secret that belongs to some hosts does not go to others, also where they are granted (confused deputy). */
function verifySecretHost(hosts: Outside['secretHosts'], id: string, origin: string): void {
  if (isHostOf(hosts, id, origin) === false) throw secretHostRefused(id, new URL(origin).hostname);
}

/** Whether policy lets a secret go there; `undefined` where it says nothing of this secret. */
function isHostOf(hosts: Outside['secretHosts'], id: string, origin: string): boolean | undefined {
  const scopes = Object.hasOwn(hosts, id) ? hosts[id] : undefined;
  if (scopes === undefined) return undefined;
  const { protocol, hostname, port } = new URL(origin);
  const scheme = protocol === 'https:' ? 'https:' : 'http:';
  const number = port === '' ? (scheme === 'https:' ? 443 : 80) : Number(port);
  return scopes.some((scope) => matchHostScope(scope, hostname, number, scheme));
}

/** The grant that covers a capability, if there is one and its consent is in force. */
export function findGrant(
  grant: Grant,
  capabilityId: string,
  isConsentLive: (consentId: string) => boolean,
): 'granted' | 'revoked' | 'absent' {
  const covering = grant.capabilities.filter((granted) => coversCapability(granted.capabilityId, capabilityId));
  if (covering.length === 0) return 'absent';
  const live = covering.some(({ consentId }) => consentId === undefined || isConsentLive(consentId));
  return live ? 'granted' : 'revoked';
}
