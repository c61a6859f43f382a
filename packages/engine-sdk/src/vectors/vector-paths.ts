import type { ConformanceVector, ExpectedOutput } from '@mex/envelope';
import { vectorError } from './errors.ts';
import type { VectorFile } from './vector-folder.ts';

/** A path in a vector: where it stands in the document, and what has to be there. */
interface NamedPath {
  readonly member: string;
  readonly path: string;
  readonly must: 'file' | 'directory' | 'either';
}

/**
 * Checks what a schema cannot: every path names a file or directory of the vector, and members agree with one another.
 * @throws MexError `VECTOR_INVALID` with the vector and the member
 */
export function checkVectorFiles(name: string, document: ConformanceVector, files: readonly VectorFile[]): void {
  const refuse = (member: string, what: string, remedy: string): never => {
    throw vectorError('VECTOR_INVALID', `${name}/vector.json: ${member}: ${what}`, remedy);
  };
  for (const { member, path, must } of pathsOf(document)) {
    const found = kindOf(path, files);
    if (found === undefined)
      refuse(member, `there is no ${path} in the vector's folder.`, 'Add it, or correct the path.');
    if (must !== 'either' && found !== must) {
      refuse(member, `${path} is a ${found}; it has to be a ${must}.`, `Name a ${must} of the vector's folder.`);
    }
  }
  for (const [at, input] of document.inputs.entries()) {
    const isDirectory = kindOf(input.path, files) === 'directory';
    if (input.kind !== undefined && isDirectory !== (input.kind === 'bundle')) {
      const what = isDirectory ? 'a directory is always a bundle.' : 'a file is never a bundle.';
      refuse(
        `/inputs/${at}/kind`,
        what,
        'Leave kind out, or name a directory for a bundle and a file for any other kind.',
      );
    }
    if (isDirectory && input.mime !== undefined) {
      refuse(`/inputs/${at}/mime`, 'a bundle has the media type of bundles.', 'Leave mime out.');
    }
  }
  for (const [at, answer] of (document.outside?.http ?? []).entries()) {
    if (!URL.canParse(answer.url)) refuse(`/outside/http/${at}/url`, 'not a URL.', 'Write it in full.');
    if (answer.body !== undefined && answer.body_path !== undefined) {
      refuse(`/outside/http/${at}`, 'both body and body_path are there.', 'Keep one of them.');
    }
  }
}

function* pathsOf(document: ConformanceVector): Generator<NamedPath> {
  for (const [at, { path }] of document.inputs.entries()) yield { member: `/inputs/${at}/path`, path, must: 'either' };
  const { http = [], tools = {}, scopes = {} } = document.outside ?? {};
  for (const [at, { body_path: path }] of http.entries()) {
    if (path !== undefined) yield { member: `/outside/http/${at}/body_path`, path, must: 'file' };
  }
  for (const [id, { path }] of Object.entries(tools)) yield { member: `/outside/tools/${id}/path`, path, must: 'file' };
  for (const [id, path] of Object.entries(scopes)) yield { member: `/outside/scopes/${id}`, path, must: 'directory' };
  for (const [output, expected] of Object.entries(expectedOutputs(document))) {
    if ('path' in expected) yield { member: `/expect/outputs/${output}/path`, path: expected.path, must: 'file' };
  }
}

function expectedOutputs(document: ConformanceVector): Readonly<Record<string, ExpectedOutput>> {
  return document.expect.status === 'succeeded' ? (document.expect.outputs ?? {}) : {};
}

/** What a path of a vector is: directories are those that have files. */
function kindOf(path: string, files: readonly VectorFile[]): 'file' | 'directory' | undefined {
  for (const file of files) {
    if (file.path === path) return 'file';
    if (file.path.startsWith(`${path}/`)) return 'directory';
  }
  return undefined;
}
