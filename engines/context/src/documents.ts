import { type Static, Type } from '@mex/engine-sdk';

/*
 * The documents that operations write, versioned, published in `schemas/`. Used for types alone: a bundle carries none
 * of it.
 */

const CLOSED = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Count = Type.Integer({ minimum: 0 });
/** From 1. */
const Place = Type.Integer({ minimum: 1 });

const FileCountsSchema = Type.Object(
  {
    searched: Count,
    excluded: Count,
    binary: Count,
    too_large: Count,
    unreadable: Count,
  },
  { ...CLOSED, description: 'Files that were looked at, and those that were not, by reason' },
);

const Match = Type.Object(
  { column: Place, end_column: Place },
  { ...CLOSED, description: 'Unicode code points of the whole line, from 1; the end is exclusive' },
);

const ShownLineSchema = Type.Object(
  {
    line: Place,
    text: Type.String({ description: 'The line, secrets masked' }),
    text_column: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Column of the first character of text, where the line was clipped' }),
    ),
    matches: Type.Optional(Type.Array(Match, { description: 'Absent for lines around a match' })),
    has_more_matches: Type.Optional(Type.Boolean()),
  },
  CLOSED,
);
export type ShownLine = Static<typeof ShownLineSchema>;

const FileMatchesSchema = Type.Object(
  {
    path: Type.String(),
    sha256: Type.Unsafe<string>({ ...Sha256, description: 'Of the whole file' }),
    lines: Type.Array(ShownLineSchema),
  },
  CLOSED,
);
export type FileMatches = Static<typeof FileMatchesSchema>;

/** `search.json` */
export const SearchResult = Type.Object(
  {
    schema_version: Type.Literal('mex.context_search@1.0'),
    query: Type.Object(
      { pattern: Type.String(), syntax: Type.String(), ignore_case: Type.Boolean(), word: Type.Boolean() },
      CLOSED,
    ),
    truncated: Type.Boolean({ description: 'There are more results than max_results' }),
    matching_lines: Count,
    masked: Type.Integer({ minimum: 0, description: 'Secrets in the lines shown' }),
    file_counts: FileCountsSchema,
    files: Type.Array(FileMatchesSchema, { description: 'In code-unit order of paths, lines ascending' }),
  },
  { ...CLOSED, title: 'ContextSearch', description: 'What context.search found.' },
);
export type SearchResult = Static<typeof SearchResult>;

/** `excerpt.json` */
export const Excerpt = Type.Object(
  {
    schema_version: Type.Literal('mex.context_excerpt@1.0'),
    path: Type.String(),
    start_line: Place,
    end_line: Count,
    total_lines: Count,
    truncated: Type.Boolean({ description: 'The range goes on beyond max_lines' }),
    masked: Type.Integer({ minimum: 0, description: 'Secrets in the excerpt; with any, it is not what the file has' }),
    file_sha256: Sha256,
    excerpt_sha256: Type.Unsafe<string>({ ...Sha256, description: 'Of excerpt.txt: text in UTF-8' }),
    text: Type.String({ description: 'The lines, each with a line feed' }),
  },
  { ...CLOSED, title: 'ContextExcerpt', description: 'What context.open_ref opened.' },
);
export type Excerpt = Static<typeof Excerpt>;

const TodoSchema = Type.Object(
  {
    path: Type.String(),
    line: Place,
    column: Type.Integer({ minimum: 1, description: 'Of the tag, in Unicode code points' }),
    tag: Type.String(),
    text: Type.String(),
    author: Type.Optional(Type.String()),
    issue: Type.Optional(Type.String()),
  },
  CLOSED,
);
export type Todo = Static<typeof TodoSchema>;

/** `todos.json` */
export const TodoList = Type.Object(
  {
    schema_version: Type.Literal('mex.context_todos@1.0'),
    truncated: Type.Boolean(),
    by_tag: Type.Object({}, { additionalProperties: Count }),
    file_counts: FileCountsSchema,
    unknown_language: Type.Integer({
      minimum: 0,
      description: 'Of the files searched, those whose comments are not known',
    }),
    todos: Type.Array(TodoSchema, { description: 'In code-unit order of paths, then by line' }),
  },
  { ...CLOSED, title: 'ContextTodos', description: 'What context.find_todos found.' },
);
export type TodoList = Omit<Static<typeof TodoList>, 'by_tag'> & { readonly by_tag: Readonly<Record<string, number>> };
