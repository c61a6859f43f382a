export type { BundleFile, BundleMeta, BundleReader, BundleReceipt } from './bundle.ts';
export { BUNDLE_BOUNDS, BUNDLE_MIME, checkBundlePath } from './bundle-index.ts';
export type { ArtifactErrorCode } from './errors.ts';
export { type ArtifactListing, type ArtifactMeta, type ArtifactQuery, handleOf } from './manifest-store.ts';
export type { Materialized, MaterializeOptions } from './materialize.ts';
export { isInHome } from './mex-home.ts';
export type { ObjectFacts, ObjectPlace } from './object-store.ts';
export type { ScanLimits, SkippedPath, SkipReason } from './pin-scan.ts';
export type { Pin, PinnedDirectory, PinOptions } from './pinned-directory.ts';
export { isLeftover, ownOwnerToken } from './process-owner.ts';
export type { QuarantineInfo } from './quarantine.ts';
export type { Removal, RemovalRefusal } from './remove-artifacts.ts';
export { enterAll, isLinkRefusal, openRoot, type SafeDirectory } from './safe-directory.ts';
export {
  createShadowWorkspace,
  type ShadowSweep,
  type ShadowWorkspace,
  sweepShadowWorkspaces,
} from './shadow-workspace.ts';
export { type ArtifactStore, openArtifactStore } from './store.ts';
export type { StoreOptions } from './store-parts.ts';
export { readBlock } from './verified-file.ts';
export type { VerifyReport } from './verify-store.ts';
