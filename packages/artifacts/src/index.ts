export type { ArtifactErrorCode } from './errors.ts';
export { type ArtifactListing, type ArtifactMeta, type ArtifactQuery, handleOf } from './manifest-store.ts';
export type { ObjectFacts, ObjectPlace } from './object-store.ts';
export type { SkippedPath, SkipReason } from './pin-scan.ts';
export type { Pin, PinnedDirectory, PinOptions } from './pinned-directory.ts';
export { isLeftover, ownOwnerToken } from './process-owner.ts';
export type { QuarantineInfo } from './quarantine.ts';
export { type ArtifactStore, openArtifactStore } from './store.ts';
export type { StoreOptions } from './store-parts.ts';
