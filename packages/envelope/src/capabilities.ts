import { MexError } from './errors.ts';
import { quoteText } from './quote.ts';

/** How a capability axis takes its scope (CONTRACT §7). */
export interface CapabilityAxis {
  readonly axis: string;
  /** `none`: the bare axis only. `fixed`: one of `scopes`. `open`: any scope that `scopePattern` allows. */
  readonly scope: 'none' | 'fixed' | 'open';
  readonly scopes?: readonly string[];
  readonly scopePattern?: RegExp;
  /** What it lets an engine do, in words an operator understands. */
  readonly description: string;
  /** Needs an explicit consent record (CONTRACT §7). */
  readonly needsConsent: boolean;
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])';
/** A host name in lower case, with its port if it is not the usual one. `*.` stands for itself until a broker reads it. */
const HOST_SCOPE = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*(?::${PORT})?$`);
const NAME_SCOPE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The axes of the contract. Applications add none: a new axis is a contract change. */
export const CAPABILITY_AXES: readonly CapabilityAxis[] = [
  {
    axis: 'fs.read',
    scope: 'open',
    scopePattern: NAME_SCOPE,
    description: 'read files of the named scope; `inputs` is what the planner handed in',
    needsConsent: false,
  },
  {
    axis: 'fs.write',
    scope: 'fixed',
    scopes: ['artifacts'],
    description: 'write its declared outputs to the artifact store',
    needsConsent: false,
  },
  {
    axis: 'net.http',
    scope: 'open',
    scopePattern: HOST_SCOPE,
    description: 'send HTTP requests to the named host',
    needsConsent: true,
  },
  {
    axis: 'proc.exec',
    scope: 'open',
    scopePattern: NAME_SCOPE,
    description: 'run the named external program',
    needsConsent: false,
  },
  { axis: 'gpu.compute', scope: 'none', description: 'compute on the GPU', needsConsent: false },
  { axis: 'device.camera', scope: 'none', description: 'use the camera', needsConsent: true },
  { axis: 'device.mic', scope: 'none', description: 'use the microphone', needsConsent: true },
  { axis: 'device.usb', scope: 'none', description: 'use USB devices', needsConsent: true },
  { axis: 'device.serial', scope: 'none', description: 'use serial ports', needsConsent: true },
  {
    axis: 'secrets.use',
    scope: 'open',
    scopePattern: NAME_SCOPE,
    description: 'use the named secret',
    needsConsent: true,
  },
];

const byAxis = new Map(CAPABILITY_AXES.map((axis) => [axis.axis, axis]));

/** Axis and scope of an id. The scope begins after the first colon. */
export function splitCapability(id: string): { axis: string; scope: string | undefined } {
  const colon = id.indexOf(':');
  return colon < 0 ? { axis: id, scope: undefined } : { axis: id.slice(0, colon), scope: id.slice(colon + 1) };
}

/** The axis of a registered capability id; `undefined` for an id that the registry does not know. */
export function findCapability(id: string): CapabilityAxis | undefined {
  const { axis, scope } = splitCapability(id);
  const known = byAxis.get(axis);
  if (known === undefined) return undefined;
  if (scope === undefined) return known;
  if (known.scope === 'none') return undefined;
  if (known.scope === 'fixed') return known.scopes?.includes(scope) ? known : undefined;
  return known.scopePattern?.test(scope) ? known : undefined;
}

/** Whether a grant covers a request: an axis-only grant covers all its scopes, a scoped grant only that scope (CONTRACT §7). */
export function coversCapability(grant: string, request: string): boolean {
  return grant === request || (!grant.includes(':') && request.startsWith(`${grant}:`));
}

/** @throws MexError `HSK-4001` when the id is not registered. */
export function verifyCapabilities(ids: readonly string[], where: string): void {
  const unknown = ids.find((id) => findCapability(id) === undefined);
  if (unknown === undefined) return;
  throw new MexError({
    code: 'HSK-4001',
    kind: 'capability',
    message: `${where} names the unknown capability ${quoteText(unknown)}.`,
    remedy: 'Use a capability of CONTRACT §7, e.g. fs.read:inputs.',
  });
}
