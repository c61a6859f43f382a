import type { ArtifactStore } from '@mex/artifacts';
import { canonicalBytes, MexError, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { DecisionDocuments } from '@mex/governance';

/** Decisions and signatures as artifacts: evidence, kept by their digest (CONTRACT §12). */
export function createDecisionDocuments(store: ArtifactStore): DecisionDocuments {
  const read = async (sha256: string): Promise<unknown> => {
    try {
      return parseStrictJson(await store.get(sha256));
    } catch (error) {
      // Gone, damaged or no JSON: the protocol says what that means.
      if (error instanceof MexError) return undefined;
      throw error;
    }
  };
  return {
    read,
    async keep(document) {
      const bytes = canonicalBytes(document);
      const sha256 = sha256Hex(bytes);
      // Every put makes an artifact of its own; this one is wanted once.
      if ((await read(sha256)) !== undefined) return sha256;
      const kind = document.schema_version === 'hsk.auto_signature@0.1' ? 'auto-signature' : 'decision';
      const stored = await store.put(bytes, {
        kind: 'report',
        mime: 'application/json',
        layer: 'evidence',
        name: `${kind}.json`,
        created_by: {},
        pinned: true,
      });
      return stored.sha256;
    },
  };
}
