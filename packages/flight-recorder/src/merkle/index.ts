export { type ConsistencyClaim, checkConsistency, checkInclusion, type InclusionClaim } from './check.ts';
export { Frontier } from './frontier.ts';
export { emptyRoot, HASH_BYTES, leafHash, nodeHash, sameHash } from './hash.ts';
export { consistencyProof, inclusionProof, type LeafSource, rangeHash } from './proof.ts';
