import { testOperation } from '@mex/engine-sdk/testing';
import type { Excerpt, SearchResult, TodoList } from '../src/documents.ts';
import engine from '../src/engine.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

type Name = 'context.search' | 'context.open_ref' | 'context.find_todos';

/** Runs an operation over files in memory; what it wrote, as text. */
async function run(name: Name, files: Files, params: object): Promise<Readonly<Record<string, string>>> {
  const { status, error, thrown, outputs } = await testOperation(engine, name, {
    params: params as never,
    inputs: [{ files }],
  });
  if (status !== 'succeeded') throw Object.assign(new Error(error?.message, { cause: thrown }), { code: error?.code });
  return Object.fromEntries(Object.entries(outputs).map(([output, value]) => [output, value?.text() ?? '']));
}

export async function search(files: Files, params: object): Promise<SearchResult & { readable: string }> {
  const outputs = await run('context.search', files, params);
  return { ...JSON.parse(outputs['search.json'] ?? ''), readable: outputs['search.txt'] ?? '' };
}

export async function openRef(files: Files, params: object): Promise<Excerpt & { readable: string }> {
  const outputs = await run('context.open_ref', files, params);
  return { ...JSON.parse(outputs['excerpt.json'] ?? ''), readable: outputs['excerpt.txt'] ?? '' };
}

export async function findTodos(files: Files, params: object = {}): Promise<TodoList & { readable: string }> {
  const outputs = await run('context.find_todos', files, params);
  return { ...JSON.parse(outputs['todos.json'] ?? ''), readable: outputs['todos.txt'] ?? '' };
}

/** `path:line` of every line that matched. */
export function places({ files }: SearchResult): string[] {
  return files.flatMap(({ path, lines }) =>
    lines.filter(({ matches }) => matches !== undefined).map(({ line }) => `${path}:${line}`),
  );
}

/** A token as the guard knows them; put together here, so that none stands in the repository. */
export const TOKEN = `gh${'p_'}${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`;
