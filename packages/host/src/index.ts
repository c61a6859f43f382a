export { type FindOptions, type FoundFiles, findFiles, IGNORED_DIRECTORIES, type LeftOut } from './find-files.ts';
export { type HomeConsents, openConsents } from './governance/home-consents.ts';
export { nameConsents } from './governance/name-consents.ts';
export { type EngineHandle, HOST_VERSION, type Host, type HostOptions, openHost } from './host.ts';
export type { PlanRequest } from './plan.ts';
export { DEFAULT_POLICY, type LoadedPolicy, loadPolicy, type Policy } from './policy.ts';
export { systemCaller } from './system-caller.ts';
