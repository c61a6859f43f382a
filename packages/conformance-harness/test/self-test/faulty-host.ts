import type { EngineResult, FlightEvent, PlannedOperation } from '@mex/envelope';
import { type Host, openHost } from '@mex/host';

/*
 * Hosts that are not as they should be. What only the runtime can break, an engine cannot: for those cases the model
 * engine runs on a host with one fault.
 */

export type OpenHost = typeof openHost;

/** A host whose members are replaced. */
function openWith(change: (host: Host) => Partial<Host>): OpenHost {
  return async (options) => {
    const host = await openHost(options);
    return { ...host, ...change(host) };
  };
}

/** Members of an object that has private ones: everything else is the object's own. */
function override<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(real, key) {
      const value: unknown = Object.hasOwn(members, key) ? Reflect.get(members, key) : Reflect.get(real, key);
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
}

/** Operations are changed before they are executed. */
export function changingOperations(change: (operation: PlannedOperation) => PlannedOperation): OpenHost {
  return openWith((host) => ({
    execute: (operation, options) => host.execute(change(asOperation(operation)), options),
  }));
}

/** The harness sends objects; it made them itself. */
function asOperation(operation: unknown): PlannedOperation {
  return operation as PlannedOperation;
}

/** Results are changed before anybody sees them. */
export function changingResults(change: (result: EngineResult, operation: PlannedOperation) => EngineResult): OpenHost {
  return openWith((host) => ({
    execute: async (operation, options) => change(await host.execute(operation, options), asOperation(operation)),
  }));
}

/** One code is said as another. */
export function sayingInstead(
  code: string,
  other: string,
  when: (operation: PlannedOperation) => boolean = () => true,
): OpenHost {
  return changingResults((result, operation) =>
    when(operation)
      ? { ...result, errors: result.errors.map((error) => (error.code === code ? { ...error, code: other } : error)) }
      : result,
  );
}

/** Some events are not there when they are asked for. */
export function losingEvents(isLost: (event: FlightEvent) => boolean): OpenHost {
  return openWith((host) => ({
    recorder: override(host.recorder, {
      list: (filter) => host.recorder.list(filter).filter(({ event }) => !isLost(event)),
    }),
  }));
}

/** Every artifact says that another operation made it. */
export const mixingUpArtifacts: OpenHost = openWith((host) => ({
  artifacts: override(host.artifacts, {
    manifest: async (id) => {
      const manifest = await host.artifacts.manifest(id);
      return { ...manifest, created_by: { ...manifest.created_by, op_id: crypto.randomUUID() } };
    },
  }),
}));

/** What is sent again is answered with something new. */
export const forgettingResults: OpenHost = openWith((host) => {
  const seen = new Set<string>();
  return {
    execute: async (operation, options) => {
      const result = await host.execute(operation, options);
      const isKnown = seen.has(result.op_id);
      seen.add(result.op_id);
      return isKnown ? { ...result, ended_at: new Date(0).toISOString() } : result;
    },
  };
});
