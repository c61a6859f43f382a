export { type FoundFiles, findFiles, IGNORED_DIRECTORIES } from './find-files.ts';
export { type EngineHandle, HOST_VERSION, type Host, type HostOptions, openHost, systemCaller } from './host.ts';
export type { PlanRequest } from './plan.ts';
export { DEFAULT_POLICY, type LoadedPolicy, loadPolicy, type Policy } from './policy.ts';
