/** Commands of CONTRACT §16 that this version does not have yet. */
export const LATER_COMMANDS: readonly string[] = ['mcp', 'console', 'bench'];

/** Options of CONTRACT §16 that this version does not have yet, by command line. */
export const LATER_OPTIONS: ReadonlyMap<string, readonly string[]> = new Map();
