import { hide } from './object.ts';

/** Name of the engine's code in stack texts. */
export const BUNDLE_NAME = 'engine.bundle';
const FRAMES = 10;

/**
 * Fixes how stacks are written. Node would print paths of the host, and would let an engine see the call sites, which
 * lead to functions and receivers outside of it. Frames that are not the engine's are left out.
 */
export function fixStacks(): void {
  const prepareStackTrace = (error: unknown, sites: readonly NodeJS.CallSite[]): string => {
    let text = titleOf(error);
    for (const site of sites) {
      const frame = frameOf(site);
      if (frame !== undefined) text += `\n    at ${frame}`;
    }
    return text;
  };
  Object.defineProperty(Error, 'prepareStackTrace', { value: prepareStackTrace });
  hide(Error, 'stackTraceLimit', FRAMES);
}

/** The one writable property of the frozen intrinsics: V8 reads it, and libraries set it. */
export function resetStackLimit(): void {
  Reflect.set(Error, 'stackTraceLimit', FRAMES);
}

function titleOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function frameOf(site: NodeJS.CallSite): string | undefined {
  const script: unknown = site.getScriptNameOrSourceURL();
  const name = site.getFunctionName() ?? '<anonymous>';
  if (typeof script !== 'string') return site.isNative() || script === null ? `${name} (<anonymous>)` : undefined;
  if (script !== '' && script !== BUNDLE_NAME) return undefined;
  const place = script === '' ? '<anonymous>' : BUNDLE_NAME;
  return `${name} (${place}:${site.getLineNumber() ?? 0}:${site.getColumnNumber() ?? 0})`;
}
