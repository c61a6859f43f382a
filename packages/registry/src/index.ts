export { loadBundle, MAX_BUNDLE_BYTES } from './bundle.ts';
export {
  type CertificateStanding,
  type CertifiedEngine,
  checkCertificate,
  checkCertificates,
  HARNESS_RANGE,
  isCertified,
  type RefusedCertificate,
  type ValidCertificate,
} from './certificate.ts';
export { type BundleRef, type RegisteredEngine, type RegisteredOperation, registerManifest } from './entry.ts';
export type { RegistryErrorCode } from './errors.ts';
export {
  type CertificateContent,
  type CertificateErrorCode,
  type CertificateTrust,
  certificateRemedy,
  MAX_CERTIFICATE_BYTES,
  MAX_CERTIFICATE_DAYS,
  verifyCertificate,
} from './read-certificate.ts';
export {
  createRegistry,
  type DisabledEntry,
  type EngineSource,
  isRangeWithin,
  isVersionRange,
  type Registry,
  type Resolution,
} from './registry.ts';
export {
  addRegistryEntry,
  changeRegistryEntries,
  REGISTRY_FILE,
  readRegistryFile,
  registrySources,
  removeRegistryEntry,
  writeRegistryFile,
} from './registry-file.ts';
