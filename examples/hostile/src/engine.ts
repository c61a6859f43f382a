import { defineEngine, defineOperation, type EngineContext, Type } from '@mex/engine-sdk';
import { call, findProcess, reach } from './routes.ts';

const NOTHING = Type.Object({}, { additionalProperties: false });
const PATH = Type.Object({ path: Type.String({ maxLength: 1_000 }) }, { additionalProperties: false });
const PORT = Type.Object({ port: Type.Integer({ minimum: 1, maximum: 65_535 }) }, { additionalProperties: false });
const REPORT = { name: 'report.txt', kind: 'file', mime: 'text/plain', optional: true } as const;
const EVIDENCE = { name: 'evidence.txt', kind: 'file', mime: 'text/plain', evidence: true, optional: true } as const;

/** What an operation of this engine left behind in its own module: a timer that outlived its call would raise it. */
let leftBehind = 0;
/* A loop that changes nothing would be left out of the bundle: what these hold is told by the honest operation. */
let turns = 0;
let kept: object | undefined;

/** One hostile operation. It answers with what it got; what it did not get, it throws. */
const attempt = (title: string, run: (context: EngineContext) => Promise<Record<string, unknown>>) =>
  defineOperation({
    title,
    description: `${title}. It must not.`,
    params: NOTHING,
    outputs: [REPORT],
    capabilities: ['fs.write:artifacts'],
    run,
  });

export default defineEngine({
  id: 'engine.example.hostile',
  version: '0.1.0',
  title: 'Hostile',
  description: 'Tries what an engine may not do. For demonstrations.',
  determinism: 'D2',
  budget: { default: { wall_time_ms: 5_000, cpu_time_ms: 5_000, memory_bytes: 64 * 1024 * 1024, exec_count: 5 } },
  operations: {
    'hostile.read_file': defineOperation({
      title: 'Read a file of the host',
      description: 'Reads the file at `path`, by every route to node:fs. It must not.',
      params: PATH,
      outputs: [],
      capabilities: [],
      async run(_context, { path }) {
        return { got: String(call(await reach('node:fs'), 'readFileSync', path, 'utf8')) };
      },
    }),

    'hostile.read_environment': attempt('Read the environment', async () => {
      const names = Object.keys(Object(Reflect.get(Object(findProcess()), 'env')));
      if (names.length === 0) throw new Error('the environment is empty');
      return { got: names.length };
    }),

    'hostile.open_socket': defineOperation({
      title: 'Open a socket',
      description: 'Connects to a port of the loopback interface. It must not.',
      params: PORT,
      outputs: [],
      capabilities: [],
      async run(_context, { port }) {
        const socket = call(await reach('node:net'), 'connect', port, '127.0.0.1');
        await new Promise((resolve) => call(socket, 'once', 'connect', resolve));
        call(socket, 'destroy');
        return { got: 'connected' };
      },
    }),

    'hostile.start_program': defineOperation({
      title: 'Start a program',
      description: 'Has a shell write the file at `path`. It must not.',
      params: PATH,
      outputs: [],
      capabilities: [],
      async run(_context, { path }) {
        call(await reach('node:child_process'), 'execFileSync', '/bin/sh', ['-c', 'echo started > "$0"', path]);
        return { got: 'started' };
      },
    }),

    'hostile.fetch': defineOperation({
      title: 'Fetch without a grant',
      description: 'Has the host make a request that nobody allowed.',
      params: PORT,
      outputs: [],
      capabilities: [],
      async run(context, { port }) {
        const { status } = await context.fetch({ url: `http://127.0.0.1:${port}/` });
        return { got: status };
      },
    }),

    'hostile.run_tool': defineOperation({
      title: 'Run a tool that policy does not name',
      description: 'Asks for a program that it was granted and that the operator never named.',
      params: NOTHING,
      outputs: [],
      capabilities: ['proc.exec:curl'],
      async run(context) {
        const { exitCode } = await context.exec('curl', ['http://192.0.2.1/']);
        return { got: exitCode };
      },
    }),

    'hostile.write_undeclared': attempt('Write an output that is not declared', async (context) => ({
      got: await context.write('../../elsewhere.sh', '#!/bin/sh\n'),
    })),

    'hostile.spin': attempt('Compute for ever', async () => {
      for (;;) turns = (turns + 1) % 1_000_003;
    }),

    'hostile.allocate': attempt('Allocate without end', async () => {
      // No call in the loop: V8 takes the check for interrupts out of some loops that have one.
      for (let at = 0; ; at += 1) kept = { before: kept, at, more: [at, at + 1, at + 2] };
    }),

    'hostile.leak_secret': defineOperation({
      title: 'Write a secret into an output',
      description: 'Was handed a secret, and writes it as base64.',
      params: NOTHING,
      outputs: [REPORT, EVIDENCE],
      capabilities: ['fs.write:artifacts', 'secrets.use:demo-token'],
      determinism: 'D1',
      readableSecrets: ['demo-token'],
      async run(context) {
        const secret = await context.secret('demo-token');
        await context.write('evidence.txt', 'nothing to see here\n');
        await context.write('report.txt', `checksum: ${btoa(secret)}\n`);
        return { got: 'written' };
      },
    }),

    'hostile.flood': attempt('Forge frames, then flood the broker', async (context) => {
      const forged = '{"session":1,"id":1,"call":"output.write","name":"report.txt"}\n';
      const stdout = Reflect.get(Object(findProcess()), 'stdout');
      for (const [owner, name] of [
        [globalThis, 'postMessage'],
        [findProcess(), 'send'],
        [stdout, 'write'],
      ] as const) {
        try {
          call(owner, name, forged);
        } catch {
          // Not there: the next way out.
        }
      }
      const written = await Promise.all(
        Array.from({ length: 20_000 }, (_, at) => context.write('report.txt', `call ${at}\n`)),
      );
      return { got: written.length };
    }),

    'hostile.poison': attempt('Poison the next operation', async () => {
      setTimeout(() => {
        leftBehind += 1;
      }, 20);
      setInterval(() => {
        leftBehind += 1;
      }, 20);
      Reflect.set(globalThis, 'mexPoison', 'set');
      Object.defineProperty(Object.prototype, 'mexPoison', { value: 'set', configurable: true });
      return { got: 'set' };
    }),

    'hostile.honest': defineOperation({
      title: 'Behave',
      description: 'Does what it declares, and says whether an operation before it left anything.',
      params: NOTHING,
      outputs: [{ name: 'report.txt', kind: 'file', mime: 'text/plain' }],
      capabilities: ['fs.write:artifacts'],
      async run(context) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        const poison = Reflect.get({}, 'mexPoison') ?? Reflect.get(globalThis, 'mexPoison');
        await context.write('report.txt', 'as declared\n');
        return { clean: poison === undefined && leftBehind === 0, turns, kept: kept !== undefined };
      },
    }),
  },
});
