import { describe, expect, it } from 'vitest';
import { type Block, readBlocks, reasonNotToRun } from './markdown/blocks.ts';
import { readDocument } from './markdown/documents.ts';
import { listPages, readPage } from './markdown/files.ts';
import { Reader } from './markdown/reader.ts';
import { runExample } from './markdown/run-example.ts';

/** It has a test of its own, with packed packages: packages/cli/test/tutorial. */
const TUTORIAL = 'docs/tutorial/first-engine.md';
/** Whose first example is run by examples/readme. */
const PACKAGE = /^packages\/[^/]+\/README\.md$/;

/** Which belongs to a package that `mex new engine` writes; the tutorial types what it says. */
const TEMPLATE = 'packages/cli/templates/engine/README.md';

const pages = listPages()
  .filter((file) => file !== TUTORIAL && file !== TEMPLATE)
  .map((file) => ({ file, text: readPage(file), blocks: readBlocks(readPage(file)) }));

/** A file that the reader of a page makes, and that a command then uses. */
const isFile = ({ kind, info }: Block): boolean => kind === 'ts' && info.startsWith('file ');
const where = (file: string, { line }: Block): string => `${file}:${line}`;

describe('what stands in code on the pages', () => {
  it('has a kind, and it is known what is done with it', () => {
    const unknown = pages.flatMap(({ file, blocks }) =>
      blocks
        .filter(({ kind }) => (kind === '' ? file.startsWith('docs/') : !/^(sh|text|ts|json)$/.test(kind)))
        .filter((block) => reasonNotToRun(block) === undefined)
        .map((block) => `${where(file, block)}: ${block.kind === '' ? 'is indented; fence it' : block.kind}`),
    );
    expect(unknown).toEqual([]);
  });

  for (const { file, blocks } of pages) {
    for (const block of blocks.filter(({ kind }) => kind === 'json')) {
      it(`${where(file, block)}: the document is one`, () => readDocument(block.text));
    }
  }
});

describe('what a page says to type', () => {
  for (const { file, text, blocks } of pages) {
    for (const block of blocks) {
      const reason = reasonNotToRun(block);
      if (reason !== undefined) it.skip(`${where(file, block)} is not run: ${reason}`, () => undefined);
    }
    const typed = blocks.filter(
      (block) => reasonNotToRun(block) === undefined && (/^(sh|text)$/.test(block.kind) || isFile(block)),
    );
    if (!typed.some(({ kind }) => kind === 'sh')) continue;
    it.concurrent(`[§16] ${file}: every command does what it says`, { timeout: 120_000 }, async () => {
      const reader = new Reader(text);
      try {
        for (const block of typed) {
          await reader.follow(block).catch((cause: unknown) => {
            const why = cause instanceof Error ? cause.message : String(cause);
            throw new Error(`${where(file, block)}: ${why}`, { cause });
          });
        }
      } finally {
        reader.close();
      }
    });
  }
});

describe('examples in TypeScript', () => {
  for (const { file, blocks } of pages) {
    const examples = blocks.filter(({ kind }) => kind === 'ts').slice(PACKAGE.test(file) ? 1 : 0);
    for (const block of examples.filter((one) => reasonNotToRun(one) === undefined && !isFile(one))) {
      it(`${where(file, block)} runs as it stands`, async () => {
        expect(await runExample(file, block.text), 'an example shows what it does').not.toBe('');
      });
    }
  }
});
