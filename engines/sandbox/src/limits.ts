const MIB = 1024 * 1024;

/** What one run may take, whatever its parameters say. */
export const LIMITS = {
  maxScriptChars: 1_000_000,
  /** All inputs together: they are copied into the interpreter's memory when the script asks for them. */
  maxInputBytes: 32 * MIB,
  maxInputFiles: 1_000,
  maxResultBytes: 16 * MIB,
  maxResultDepth: 32,
  /** A result of at most so many bytes stands in the summary, too. */
  maxSummaryBytes: 8_192,
  maxLines: 1_000,
  maxLineChars: 2_000,
  maxFiles: 64,
  maxFileBytes: 16 * MIB,
  maxNameChars: 80,
  /** C stack of the interpreter, in its own memory: far below what the thread's own stack holds. */
  stackBytes: 128 * 1024,
  /** What the interpreter begins with, and needs itself. */
  leastMemoryBytes: 16 * MIB,
  pageBytes: 65_536,
  /** The interpreter asks whether to go on about once in so many calls and turns of loops. */
  stepsAtOnce: 10_000,
} as const;

export const DEFAULTS = { memoryBytes: 64 * MIB, maxSteps: 100_000_000, now: '2000-01-01T00:00:00.000Z' } as const;

export const BOUNDS = {
  memory: { minimum: 20 * MIB, maximum: 256 * MIB },
  steps: { minimum: 10_000, maximum: 10_000_000_000 },
} as const;
