import { FAILSAFE_SCHEMA, loadAll, YAMLException } from 'js-yaml';
import { LockfileError } from '../model.ts';
import { type Fields, isFields } from './npm-family-record.ts';

/** Real lockfiles nest 5 levels deep. */
const MAX_DEPTH = 64;

/**
 * Parses the documents of a YAML lockfile; every scalar stays text, so `5.10` or `1e5` keep their spelling.
 *
 * js-yaml was chosen by measuring: the largest pnpm lockfile at hand (1.4 MB, 3,845 packages) takes it 40 ms, `yaml` 1,180 ms
 * and one of 490 packages 6 ms against 54 ms; it bounds depth itself, where `yaml` overflows the stack, and refuses
 * duplicate keys. Aliases are refused outright: no package manager writes them, and they are what alias bombs are made of.
 *
 * @throws LockfileError SBOM_LOCKFILE_SYNTAX, SBOM_LOCKFILE_TOO_DEEP, SBOM_LOCKFILE_SHAPE.
 */
export function parseYamlDocuments(path: string, text: string): Fields[] {
  let documents: unknown[];
  try {
    documents = loadAll(text, { schema: FAILSAFE_SCHEMA, maxAliases: 0, maxDepth: MAX_DEPTH });
  } catch (cause) {
    throw yamlError(path, cause);
  }
  // A file that ends in `---` has an empty last document.
  const filled = documents.filter((document) => document !== '');
  const fields = filled.filter(isFields);
  if (fields.length === filled.length) return fields;
  throw new LockfileError('SBOM_LOCKFILE_SHAPE', path, 'The root must be a YAML mapping.', { line: 1, column: 1 });
}

function yamlError(path: string, cause: unknown): LockfileError {
  if (!(cause instanceof YAMLException)) {
    return new LockfileError('SBOM_LOCKFILE_SYNTAX', path, 'Not valid YAML. Generate the lockfile again.', { cause });
  }
  const line = cause.mark === undefined ? undefined : cause.mark.line + 1;
  const column = cause.mark === undefined ? undefined : cause.mark.column + 1;
  // Only the reason: the full message quotes lines of the file, which may hold credentials.
  const reason = cause.reason.slice(0, 200);
  if (reason.includes('maxDepth')) {
    const message = `Nested more than ${MAX_DEPTH} levels deep, which no lockfile is. Generate it again.`;
    return new LockfileError('SBOM_LOCKFILE_TOO_DEEP', path, message, { line, column });
  }
  const message = `Not valid YAML: ${reason}${line === undefined ? '' : ` (line ${line}, column ${column})`}. Generate the lockfile again.`;
  return new LockfileError('SBOM_LOCKFILE_SYNTAX', path, message, { line, column });
}
