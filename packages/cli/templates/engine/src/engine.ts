import { defineEngine, defineOperation, type EngineInput, Type } from '@mex/engine-sdk';
import { countWords, mostFrequent } from './words.ts';

export default defineEngine({
  id: 'engine.example.words',
  version: '0.1.0',
  title: 'Words',
  description: 'Counts the words of texts.',
  // Same inputs, same bytes: MEX runs it twice and compares, and may keep the result.
  determinism: 'D3',
  operations: {
    'words.count': defineOperation({
      title: 'Count words',
      description: 'Counts the words of a text, or of all texts of a directory, and writes the most frequent.',
      params: Type.Object({
        top: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'how many words to list' })),
      }),
      inputs: { min: 1, max: 1, description: 'A text, or a directory of texts.' },
      outputs: [{ name: 'words.json', kind: 'report', mime: 'application/json' }],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
      errors: ['WORDS_NOTHING_TO_COUNT'],
      async run(context, { top = 10 }, fail) {
        const counts = new Map<string, number>();
        let files = 0;
        for await (const { path, bytes } of textsOf(context.inputs[0])) {
          const text = decode(bytes);
          if (text === undefined) {
            context.problem({
              code: 'WORDS_NOT_TEXT',
              severity: 'warning',
              title: 'A file is not text',
              message: `${path} is not UTF-8; its words were not counted.`,
              locations: [{ path }],
            });
            continue;
          }
          files += 1;
          countWords(text, counts);
        }
        if (counts.size === 0) throw fail('WORDS_NOTHING_TO_COUNT', 'There is no word in the input.');
        const words = [...counts.values()].reduce((sum, count) => sum + count, 0);
        const report = { files, words, distinct: counts.size, top: mostFrequent(counts, top) };
        await context.write('words.json', `${JSON.stringify(report, null, 2)}\n`);
        return { files, words, distinct: counts.size };
      },
    }),
  },
});

/** A blob is one text; a bundle has one in every file, in the same order on every machine. */
async function* textsOf(input: EngineInput | undefined): AsyncGenerator<{ path: string; bytes: Uint8Array }> {
  if (input === undefined) return;
  if (input.kind !== 'bundle') {
    yield { path: input.name ?? 'the input', bytes: await input.bytes() };
    return;
  }
  for (const { path } of await input.files()) yield { path, bytes: await input.read(path) };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
