/**
 * Every size limit of the envelope, in one place. Bytes are UTF-8 bytes; counts are items.
 * CONTRACT §3 fixes `maxInlineBytes`; the others are ours.
 */
export const BOUNDS = {
  /** One JSON document at the door (an operation, a manifest, a registry entry). */
  maxJsonBytes: 4 * 1024 * 1024,
  /** Nesting of arrays and objects. */
  maxJsonDepth: 64,
  /** Object members in one document, all levels together. */
  maxJsonKeys: 100_000,
  /** One string inside a document. */
  maxStringBytes: 1024 * 1024,
  /** The 32 KB rule: one inlined payload, and the whole of `params` (CONTRACT §3). */
  maxInlineBytes: 32_768,
  maxInputs: 1_000,
  maxOutputs: 10_000,
  maxCapabilities: 64,
  maxConsentRefs: 64,
  maxErrors: 64,
  maxMessageChars: 4_096,
  maxNameChars: 256,
  maxPathChars: 4_096,
  maxLocations: 256,
  maxTags: 64,
} as const;
