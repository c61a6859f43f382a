import { parse, TomlError } from 'smol-toml';
import { LockfileError, type LockfileInput, type ReadWarning } from '../model.ts';
import { type Fields, isFields } from './npm-family-record.ts';

/** Inline arrays and tables inside each other; real lockfiles have three. */
const MAX_DEPTH = 32;

/**
 * Parses a TOML lockfile. The parser makes tables without a prototype, so a key named `__proto__` is a key like any other.
 *
 * @throws LockfileError SBOM_LOCKFILE_SYNTAX with line and column, SBOM_LOCKFILE_TOO_DEEP.
 */
export function parseToml(path: string, text: string): Fields {
  try {
    // Big integers as such: one of them in a field that nobody reads must not make the file unreadable.
    return parse(text, { maxDepth: MAX_DEPTH, integersAsBigInt: 'asNeeded' });
  } catch (cause) {
    if (!(cause instanceof TomlError)) {
      throw new LockfileError('SBOM_LOCKFILE_SYNTAX', path, 'Not valid TOML. Generate the lockfile again.', { cause });
    }
    const { line, column } = cause;
    // Only the reason: the full message quotes lines of the file, which may hold credentials.
    const reason = (cause.message.split('\n', 1)[0] ?? '').replace('Invalid TOML document: ', '').slice(0, 200);
    if (/nested/.test(reason)) {
      const message = `Nested more than ${MAX_DEPTH} levels deep (line ${line}), which no lockfile is. Generate it again.`;
      throw new LockfileError('SBOM_LOCKFILE_TOO_DEEP', path, message, { line, column });
    }
    const message = `Not valid TOML: ${reason} (line ${line}, column ${column}). Generate the lockfile again.`;
    throw new LockfileError('SBOM_LOCKFILE_SYNTAX', path, message, { line, column });
  }
}

/** A manifest beside the lockfile. One that cannot be read costs what it would have said, not the lockfile. */
export async function readTomlManifest(
  input: LockfileInput,
  relativePath: string,
): Promise<{ readonly fields?: Fields; readonly warning?: ReadWarning }> {
  const text = await input.sibling(relativePath);
  if (text === undefined) return {};
  try {
    return { fields: parseToml(relativePath, text) };
  } catch (thrown) {
    const what = thrown instanceof LockfileError ? thrown.message : 'not valid TOML';
    return { warning: { code: 'SBOM_MANIFEST_UNREADABLE', message: `${relativePath}: ${what}` } };
  }
}

/** The tables of an array of tables (`[[package]]`); entries that are no tables are counted. */
export function tablesAt(owner: Fields, name: string): { readonly tables: readonly Fields[]; readonly others: number } {
  const value = Object.hasOwn(owner, name) ? owner[name] : undefined;
  if (!Array.isArray(value)) return { tables: isFields(value) ? [value] : [], others: 0 };
  const tables = value.filter(isFields);
  return { tables, others: value.length - tables.length };
}

/** The text items of an array. */
export function textsAt(owner: Fields, name: string): readonly string[] {
  const value = Object.hasOwn(owner, name) ? owner[name] : undefined;
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
