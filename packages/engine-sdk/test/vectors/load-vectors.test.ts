import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { digestVectorFiles, loadVectors, scanVectorFolder } from '@mex/engine-sdk/testing';
import { MexError } from '@mex/envelope';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-vectors-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const VECTOR = {
  schema_version: 'mex.vector@1.0',
  title: 'Counts two words',
  operation: 'count.words',
  params: {},
  inputs: [{ path: 'text.txt' }, { path: 'tree' }],
  expect: { status: 'succeeded', outputs: { 'count.txt': { path: 'expected/count.txt' } } },
};
const FILES = { 'text.txt': 'a b', 'tree/a.txt': 'a', 'expected/count.txt': '2\n' };

function write(path: string, content: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), content);
}

function writeVector(name: string, document: unknown, files: Readonly<Record<string, string>> = FILES): void {
  write(`${name}/vector.json`, typeof document === 'string' ? document : JSON.stringify(document));
  for (const [path, content] of Object.entries(files)) write(`${name}/${path}`, content);
}

function refusal(): { code: string; message: string } {
  try {
    loadVectors(dir);
  } catch (error) {
    if (error instanceof MexError) {
      expect(error.remedy).toMatch(/\.$/);
      return error;
    }
    throw error;
  }
  expect.fail('the vectors were read');
}

describe('[§15] loadVectors', () => {
  it('reads vectors in order of their names, with what kind each is and its files', () => {
    writeVector('two', { ...VECTOR, inputs: [], expect: { status: 'failed', code: 'COUNT_EMPTY' } });
    writeVector('one', VECTOR);
    write('README.md', 'what these show');
    const vectors = loadVectors(pathToFileURL(dir));
    expect(vectors.map(({ name, kind, title }) => [name, kind, title])).toEqual([
      ['one', 'golden', 'Counts two words'],
      ['two', 'reject', 'Counts two words'],
    ]);
    expect(vectors[0]).toMatchObject({ dir: join(dir, 'one'), document: VECTOR });
    expect(vectors[0]?.files.map(({ path, size_bytes }) => [path, size_bytes])).toEqual([
      ['expected/count.txt', 2],
      ['text.txt', 3],
      ['tree/a.txt', 1],
      ['vector.json', JSON.stringify(VECTOR).length],
    ]);
  });

  it.each<[string, unknown, string, string]>([
    ['no JSON', '{', 'VECTOR_INVALID', 'one/vector.json: '],
    ['a name twice', '{"title":"a","title":"b"}', 'VECTOR_INVALID', '/title'],
    ['an unknown member', { ...VECTOR, skip: true }, 'VECTOR_INVALID', 'one/vector.json: /skip'],
    ['a path that leads out', { ...VECTOR, inputs: [{ path: '../x' }] }, 'VECTOR_INVALID', '/inputs/0/path'],
    [
      'a path to nothing',
      { ...VECTOR, inputs: [{ path: 'gone' }] },
      'VECTOR_INVALID',
      '/inputs/0/path: there is no gone',
    ],
    [
      'a blob as bundle',
      { ...VECTOR, inputs: [{ path: 'text.txt', kind: 'bundle' }] },
      'VECTOR_INVALID',
      '/inputs/0/kind',
    ],
    ['a bundle as file', { ...VECTOR, inputs: [{ path: 'tree', kind: 'file' }] }, 'VECTOR_INVALID', '/inputs/0/kind'],
    [
      'a scope that is a file',
      { ...VECTOR, outside: { scopes: { a: 'text.txt' } } },
      'VECTOR_INVALID',
      '/outside/scopes/a',
    ],
    [
      'an answer with two bodies',
      { ...VECTOR, outside: { http: [{ url: 'https://a.example/', status: 200, body: '', body_path: 'text.txt' }] } },
      'VECTOR_INVALID',
      '/outside/http/0',
    ],
    [
      'an expected directory',
      { ...VECTOR, expect: { status: 'succeeded', outputs: { a: { path: 'tree' } } } },
      'VECTOR_INVALID',
      '/expect/outputs/a/path',
    ],
    ['a reject vector without code', { ...VECTOR, expect: { status: 'failed' } }, 'VECTOR_INVALID', '/expect'],
  ])('refuses %s, and says where', (_what, document, code, words) => {
    writeVector('one', document);
    const error = refusal();
    expect(error.code).toBe(code);
    expect(error.message).toContain('one/vector.json');
    expect(error.message).toContain(words);
  });

  it('refuses links, strays, folders without a document, and a folder that is not there', () => {
    writeVector('one', VECTOR);
    symlinkSync('/etc/hostname', join(dir, 'one', 'tree', 'link'));
    expect(refusal()).toMatchObject({ code: 'VECTOR_FILE_INVALID', message: 'one/tree/link: it is a link.' });
    rmSync(join(dir, 'one', 'tree', 'link'));
    write('notes.txt', '');
    expect(refusal()).toMatchObject({ code: 'VECTOR_FILE_INVALID' });
    rmSync(join(dir, 'notes.txt'));
    write('Two/vector.json', '{}');
    expect(refusal()).toMatchObject({ code: 'VECTOR_INVALID', message: expect.stringContaining('Two') });
    rmSync(join(dir, 'Two'), { recursive: true });
    write('three/note.txt', '');
    expect(refusal()).toMatchObject({ code: 'VECTOR_INVALID', message: expect.stringContaining('three') });
    rmSync(dir, { recursive: true });
    expect(refusal()).toMatchObject({ code: 'VECTORS_MISSING' });
  });

  it('has one digest for the same files, and another for one byte more', () => {
    writeVector('one', VECTOR);
    const before = digestVectorFiles(scanVectorFolder(dir));
    expect(before).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), count: 1 });
    write('one/tree/a.txt', 'a');
    expect(digestVectorFiles(scanVectorFolder(dir))).toEqual(before);
    write('one/tree/a.txt', 'a ');
    expect(digestVectorFiles(scanVectorFolder(dir)).sha256).not.toBe(before.sha256);
  });
});
