export { loadBundle, MAX_BUNDLE_BYTES } from './bundle.ts';
export { type BundleRef, type RegisteredEngine, type RegisteredOperation, registerManifest } from './entry.ts';
export type { RegistryErrorCode } from './errors.ts';
export { createRegistry, type DisabledEntry, type EngineSource, type Registry, type Resolution } from './registry.ts';
export {
  addRegistryEntry,
  REGISTRY_FILE,
  readRegistryFile,
  registrySources,
  removeRegistryEntry,
  writeRegistryFile,
} from './registry-file.ts';
