import { defineEngine, defineOperation, Type } from '@mex/engine-sdk';
import type { Excerpt, SearchResult, Todo, TodoList } from './documents.ts';
import type { ContextErrorCode } from './error-codes.ts';
import { openReference } from './open-reference.ts';
import { createPathFilter, DEFAULT_EXCLUDE } from './path-filter.ts';
import { writeMatches, writeTodos } from './readable.ts';
import { orderly, parseReference } from './reference.ts';
import { createMatcher } from './search/matcher.ts';
import { searchTree } from './search/search-tree.ts';
import { findTodos, tagPattern } from './todos/find-todos.ts';
import { languageOf } from './todos/languages.ts';
import { directoryOf, noFiles, readTexts } from './tree.ts';

const VERSION = '0.1.0';
const MIB = 1024 * 1024;
const DEFAULT_MAX_FILE = 4 * MIB;
const DEFAULT_TAGS = ['TODO', 'FIXME', 'HACK', 'XXX'];
const json = (value: object): string => `${JSON.stringify(value)}\n`;

const errors = (...codes: ContextErrorCode[]): ContextErrorCode[] => codes;
const globs = (description: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 64, description }));
const FILTER = {
  include: globs('Patterns as in .gitignore; only files that they name. Default: every file'),
  exclude: globs(`Patterns as in .gitignore; files that are left out. Default: ${DEFAULT_EXCLUDE.join(' ')}`),
  max_file_bytes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 64 * MIB, description: 'Larger files are left out; default 4 MiB' }),
  ),
};
const DIRECTORY = { min: 1, max: 1, description: 'A pinned directory' };
const CAPABILITIES = ['fs.read:inputs', 'fs.write:artifacts'];
const OPEN = { additionalProperties: false } as const;

const search = defineOperation({
  title: 'Search',
  description: 'Lines of text files that have a text or match a regular expression (RE2), secrets masked.',
  params: Type.Object(
    {
      pattern: Type.String({ minLength: 1, maxLength: 1_000 }),
      syntax: Type.Optional(
        Type.Union([Type.Literal('literal'), Type.Literal('regex')], { description: 'Default literal; regex: RE2' }),
      ),
      ignore_case: Type.Optional(Type.Boolean()),
      word: Type.Optional(
        Type.Boolean({ description: 'No letter, mark, digit or underscore may touch a match on either side' }),
      ),
      ...FILTER,
      context_lines: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 20, description: 'Shown before and after a match; default 0' }),
      ),
      max_results: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 10_000, description: 'Matching lines; default 1,000' }),
      ),
      max_line_chars: Type.Optional(
        Type.Integer({ minimum: 40, maximum: 2_000, description: 'Shown of a line; default 240' }),
      ),
    },
    OPEN,
  ),
  inputs: DIRECTORY,
  outputs: [
    { name: 'search.json', kind: 'report', mime: 'application/json' },
    { name: 'search.txt', kind: 'report', mime: 'text/plain' },
  ],
  capabilities: CAPABILITIES,
  errors: errors('CONTEXT_NO_DIRECTORY', 'CONTEXT_PATTERN_INVALID', 'CONTEXT_GLOB_INVALID'),
  run: async (context, params) => {
    const { pattern, syntax = 'literal', ignore_case: ignoreCase = false, word = false } = params;
    const matcher = createMatcher({ pattern, isRegex: syntax === 'regex', ignoreCase, word });
    const filter = createPathFilter(params.include, params.exclude ?? DEFAULT_EXCLUDE);
    const outcome = await searchTree(directoryOf(context.inputs), filter, matcher, {
      contextLines: params.context_lines ?? 0,
      maxResults: params.max_results ?? 1_000,
      maxFileBytes: params.max_file_bytes ?? DEFAULT_MAX_FILE,
      maxLineChars: params.max_line_chars ?? 240,
    });
    const { files, counts, matchingLines, truncated, masked } = outcome;
    const result: SearchResult = {
      schema_version: 'mex.context_search@1.0',
      query: { pattern, syntax, ignore_case: ignoreCase, word },
      truncated,
      matching_lines: matchingLines,
      masked,
      file_counts: counts,
      files: [...files],
    };
    await context.write('search.json', json(result));
    await context.write('search.txt', writeMatches(files, outcome));
    return { matching_lines: matchingLines, files: files.length, truncated, masked, file_counts: counts };
  },
});

const openRef = defineOperation({
  title: 'Open a reference',
  description: 'The lines of one file that a reference names, secrets masked, with digests of file and excerpt.',
  params: Type.Object(
    {
      ref: Type.String({
        minLength: 1,
        maxLength: 4_096,
        description: 'path, path:line, path:line-line, path:line:column or path#Lline-Lline',
      }),
      end_line: Type.Optional(Type.Integer({ minimum: 1, maximum: 999_999_999 })),
      start_line: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 999_999_999, description: 'With it, ref is a path and nothing else' }),
      ),
      context_lines: Type.Optional(Type.Integer({ minimum: 0, maximum: 200, description: 'Default 0' })),
      max_lines: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000, description: 'Default 500' })),
      max_file_bytes: FILTER.max_file_bytes,
    },
    OPEN,
  ),
  inputs: DIRECTORY,
  outputs: [
    { name: 'excerpt.json', kind: 'report', mime: 'application/json' },
    { name: 'excerpt.txt', kind: 'file', mime: 'text/plain' },
  ],
  capabilities: CAPABILITIES,
  errors: errors(
    'CONTEXT_NO_DIRECTORY',
    'CONTEXT_REF_INVALID',
    'CONTEXT_FILE_NOT_FOUND',
    'CONTEXT_FILE_BINARY',
    'CONTEXT_FILE_TOO_LARGE',
    'CONTEXT_RANGE_INVALID',
    'CONTEXT_EXCERPT_TOO_LARGE',
  ),
  run: async (context, params, fail) => {
    const { ref, start_line: start, end_line: end } = params;
    const directory = directoryOf(context.inputs);
    if (start === undefined && end !== undefined) throw fail('CONTEXT_REF_INVALID', 'end_line needs start_line.');
    const names = new Set((await directory.files()).map(({ path }) => path));
    const reference =
      start === undefined
        ? parseReference(ref, (path) => names.has(path))
        : orderly({ path: ref, start, ...(end === undefined ? {} : { end }) });
    const opened = await openReference(directory, reference, {
      contextLines: params.context_lines ?? 0,
      maxLines: params.max_lines ?? 500,
      maxFileBytes: params.max_file_bytes ?? DEFAULT_MAX_FILE,
    });
    const excerpt: Excerpt = {
      schema_version: 'mex.context_excerpt@1.0',
      ...opened,
      excerpt_sha256: await context.write('excerpt.txt', opened.text),
    };
    await context.write('excerpt.json', json(excerpt));
    const { text: _text, schema_version: _version, ...facts } = excerpt;
    return facts;
  },
});

const todos = defineOperation({
  title: 'Find open tasks',
  description: 'TODO, FIXME, HACK and XXX in comments, with author and issue where they are named.',
  params: Type.Object(
    {
      tags: Type.Optional(
        Type.Array(Type.String({ pattern: '^[A-Z][A-Z0-9_]*$', maxLength: 32 }), {
          minItems: 1,
          maxItems: 20,
          description: `Default ${DEFAULT_TAGS.join(', ')}`,
        }),
      ),
      ...FILTER,
      max_results: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Default 1,000' })),
    },
    OPEN,
  ),
  inputs: DIRECTORY,
  outputs: [
    { name: 'todos.json', kind: 'report', mime: 'application/json' },
    { name: 'todos.txt', kind: 'report', mime: 'text/plain' },
  ],
  capabilities: CAPABILITIES,
  errors: errors('CONTEXT_NO_DIRECTORY', 'CONTEXT_GLOB_INVALID'),
  run: async (context, params) => {
    const filter = createPathFilter(params.include, params.exclude ?? DEFAULT_EXCLUDE);
    const { tags = DEFAULT_TAGS } = params;
    const pattern = tagPattern(tags);
    const counts = noFiles();
    const found: Todo[] = [];
    const most = params.max_results ?? 1_000;
    let unknown = 0;
    const files = readTexts(directoryOf(context.inputs), filter, params.max_file_bytes ?? DEFAULT_MAX_FILE, counts);
    for await (const file of files) {
      const language = languageOf(file.path);
      if (language === undefined) unknown++;
      else if (tags.some((tag) => file.raw.includes(tag)))
        found.push(...findTodos(file.path, file.masked(), language, pattern, most + 1 - found.length));
      if (found.length > most) break;
    }
    const truncated = found.length > most;
    found.length = Math.min(found.length, most);
    const counted = [...Map.groupBy(found, ({ tag }) => tag)].map(([tag, { length }]) => [tag, length] as const);
    const by_tag = Object.fromEntries(counted.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const list: TodoList = {
      schema_version: 'mex.context_todos@1.0',
      truncated,
      by_tag,
      file_counts: counts,
      unknown_language: unknown,
      todos: found,
    };
    await context.write('todos.json', json(list));
    await context.write('todos.txt', writeTodos(found, { truncated, counts }));
    return { todos: found.length, by_tag, truncated, file_counts: counts };
  },
});

export default defineEngine({
  id: 'engine.context',
  version: VERSION,
  title: 'Context',
  description: 'Search, excerpts and open tasks of a directory: the same bytes for the same files, secrets masked.',
  determinism: 'D3',
  budget: {
    default: { wall_time_ms: 60_000, cpu_time_ms: 60_000, memory_bytes: 512 * MIB, output_bytes: 128 * MIB },
  },
  operations: { 'context.search': search, 'context.open_ref': openRef, 'context.find_todos': todos },
});
