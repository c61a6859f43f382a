import { Excerpt, SearchResult, TodoList } from '../src/documents.ts';

/** File names and texts of the published JSON Schemas of this engine's documents. */
export function publishedFiles(): ReadonlyMap<string, string> {
  const documents = { search: SearchResult, excerpt: Excerpt, todos: TodoList };
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema' };
  return new Map(
    Object.entries(documents).map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify({ ...head, $id: `mex:context-${name}`, ...schema }, null, 2)}\n`,
    ]),
  );
}
