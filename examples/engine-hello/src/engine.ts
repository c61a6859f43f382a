import { defineEngine, defineOperation, Type } from '@mex/engine-sdk';

export default defineEngine({
  id: 'engine.example.hello',
  version: '0.1.0',
  title: 'Hello',
  description: 'Greets whoever is named.',
  determinism: 'D3',
  operations: {
    'hello.greet': defineOperation({
      title: 'Greet',
      description: 'Writes a greeting.',
      params: Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false }),
      outputs: [{ name: 'greeting.txt', kind: 'file', mime: 'text/plain' }],
      capabilities: ['fs.write:artifacts'],
      async run(context, params) {
        const greeting = `Hello, ${params.name}!`;
        await context.write('greeting.txt', `${greeting}\n`);
        return { greeting };
      },
    }),
    'hello.nothing': defineOperation({
      title: 'Nothing',
      description: 'Does nothing: what a governed operation costs by itself.',
      params: Type.Object({}, { additionalProperties: false }),
      outputs: [],
      capabilities: [],
      run: () => ({}),
    }),
  },
});
