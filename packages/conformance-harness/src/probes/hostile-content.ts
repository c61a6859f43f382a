import { operationOf } from '../engine-under-test.ts';
import type { StagedAnswer } from '../lab/http-stage.ts';
import { type InputContent, readInputs } from '../lab/vector-inputs.ts';
import { undeclaredEnd } from './fair-end.ts';
import { numberOf, placeOf, representatives, spread, tierProbe } from './probe.ts';

/** Content that nobody meant, made of content that somebody did. Not random: the same for every engine. */
const MUTATIONS: readonly (readonly [how: string, change: (bytes: Uint8Array) => Uint8Array])[] = [
  ['emptied', () => new Uint8Array()],
  ['cut in the middle', (bytes) => bytes.slice(0, Math.floor(bytes.length / 2))],
  ['with bits turned', (bytes) => bytes.map((byte, at) => (at % 7 === 3 ? byte ^ 0x55 : byte))],
  [
    'replaced by bytes that are no text',
    (bytes) => Uint8Array.from({ length: Math.min(4_096, bytes.length + 64) }, (_, at) => (at * 151) % 256),
  ],
  ['with deep nesting', () => Buffer.from('['.repeat(20_000))],
  [
    'with a key of the prototype',
    () => Buffer.from('{"__proto__":{"polluted":true},"constructor":{"prototype":{}},"length":-1}'),
  ],
  ['as one line of 200,000 characters', () => Buffer.from('a'.repeat(200_000))],
  [
    'with a byte order mark and other line ends',
    (bytes) =>
      Buffer.concat([
        Buffer.from([0xef, 0xbb, 0xbf]),
        Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
      ]),
  ],
];

/** Inputs that were tampered with before they were planned: hashes fit, contents do not. */
export const tamperedInputs = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const { vector, baseline } of await representatives(bench)) {
    const operation = operationOf(engine, vector);
    const contents = readInputs(vector);
    if (operation === undefined) continue;
    for (const { inputs, how } of spread(tamperings(contents), numberOf(bench, 'most'))) {
      const budget = { wall_time_ms: Math.min(30_000, Math.ceil(baseline.ms * 20) + 5_000) };
      const observed = await lab.run(vector, { inputs, budget });
      const undeclared = undeclaredEnd(observed, operation);
      log.check(undeclared === undefined, () => ({
        what: `With ${how}, ${undeclared}.`,
        where: placeOf(bench, vector),
      }));
    }
  }
  if (engine.vectors.every(({ kind, document }) => kind === 'reject' || document.inputs.length === 0))
    log.notApplicable('No golden vector has inputs.');
});

function tamperings(contents: readonly InputContent[]): { inputs: readonly InputContent[]; how: string }[] {
  return contents.flatMap((content, at) => {
    const put = (changed: InputContent, how: string) => ({
      inputs: contents.with(at, changed),
      how: `input ${at + 1} ${how}`,
    });
    if (content.kind === 'blob')
      return MUTATIONS.map(([how, change]) => put({ kind: 'blob', bytes: change(content.bytes) }, how));
    const files = [...content.files];
    const mutated = files.flatMap(([path, bytes]) =>
      MUTATIONS.map(([how, change]) =>
        put({ kind: 'bundle', files: new Map([...files, [path, change(bytes)]]) }, `having ${path} ${how}`),
      ),
    );
    const odd = new Map([...files, ['ünï \'"\\code/$(x) %s 😀.json'.replaceAll('\\', ''), Buffer.from('{}')] as const]);
    return [
      put({ kind: 'bundle', files: new Map() }, 'without files'),
      put({ kind: 'bundle', files: odd }, 'having a file with an odd name'),
      ...mutated,
    ];
  });
}

/** Servers that fail, lie or break off. */
const ANSWERS: readonly (readonly [how: string, change: (answer: StagedAnswer) => StagedAnswer])[] = [
  ['with an error 500', (answer) => ({ ...answer, status: 500, body: Buffer.from('no') })],
  ['with nothing', (answer) => ({ ...answer, body: new Uint8Array() })],
  ['with something else', (answer) => ({ ...answer, body: Buffer.from('<html>not what you asked for') })],
  ['with too much', (answer) => ({ ...answer, body: Buffer.alloc(200_000, 'x') })],
  ['with a broken connection', (answer) => ({ ...answer, isCut: true })],
  ['with a redirect to itself', (answer) => ({ ...answer, status: 302, headers: { location: answer.url } })],
];

/** Every answer from outside is spoilt: success, or a code that is declared or the broker's own. */
export const hostileOutside = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  let spoilt = 0;
  for (const { vector } of await representatives(bench)) {
    const operation = operationOf(engine, vector);
    const { answers } = lab.stageOf(vector);
    if (operation === undefined) continue;
    for (const { answers: changed, how } of spread(spoil(answers), numberOf(bench, 'most'))) {
      spoilt += 1;
      const observed = await lab.run(vector, { answers: changed });
      const undeclared = undeclaredEnd(observed, operation);
      log.check(undeclared === undefined, () => ({
        what: `When ${how}, ${undeclared}.`,
        where: placeOf(bench, vector),
      }));
    }
  }
  if (spoilt === 0) log.notApplicable('No golden vector has an answer over HTTP.');
});

function spoil(answers: readonly StagedAnswer[]): { answers: readonly StagedAnswer[]; how: string }[] {
  return answers.flatMap((answer, at) =>
    ANSWERS.map(([how, change]) => ({
      answers: answers.with(at, change(answer)),
      how: `${answer.url} answered ${how}`,
    })),
  );
}
