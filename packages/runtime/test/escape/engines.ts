import { writeFileSync } from 'node:fs';
import { sha256Hex } from '@mex/envelope/digest';
import type { EngineSource } from '@mex/registry';
import { type Bodies, makeEngine } from '../fixture.ts';
import type { Classified } from './attempt.ts';

/** An ordinary operation of the same engine, for another caller: reads, writes, computes. */
const WELL = `
  const given = new TextDecoder().decode(await context.inputs[0].bytes());
  await context.write('out.txt', 'well');
  context.log('well');
  const sum = [1, 2, 3].map((x) => x * 2).filter((x) => x > 2).reduce((a, b) => a + b);
  const text = 'a-b'.replace(/-/g, '+') + JSON.stringify({ given }) + [...new Map([[1, 2]])].join() + (await Promise.resolve(sum));
  return { value: text };`;
export const WELL_ANSWER = 'a+b{"given":"given"}1,210';

const PREFACE = `const t = JSON.parse(params.text ?? '{}'); const outside = globalThis.outside;`;
const TELL = `const tell = (v) => { try { return (typeof v === 'string' ? v : JSON.stringify(v) ?? String(v)).slice(0, 20000); } catch { return '[unreadable]'; } };`;

function bodiesOf(attempt: Classified): Bodies {
  const { id, body, bare, probe } = attempt;
  const told = (text: string): string =>
    `${PREFACE} ${TELL} return { value: tell(await (async () => {\n${text}\n})()) };`;
  return {
    [`test.${id}`]: bare ? `${PREFACE}\n${body}` : told(body),
    ...(probe === undefined ? {} : { [`probe.${id}`]: told(probe) }),
  };
}

const SHARED = 'engine.test.hostile';

/**
 * The engine of an attempt: one for all, so that each finds what the others left, but its own where it attacks while it
 * is loaded, and in the control, where the first would spoil the worker for all.
 */
export function engineOf({ id, atLoad, webAssembly, class: class_ }: Classified, isControl: boolean): string {
  const spoils = isControl && class_ !== 'file system' && class_ !== 'network' && class_ !== 'environment';
  return atLoad === undefined && webAssembly === undefined && !spoils ? SHARED : `engine.test.${id}`;
}

export function makeEngines(dir: string, attempts: readonly Classified[], isControl: boolean): EngineSource[] {
  const shared: Record<string, string> = { 'test.well': WELL };
  const engines: EngineSource[] = [];
  for (const attempt of attempts) {
    const id = engineOf(attempt, isControl);
    if (id === SHARED) Object.assign(shared, bodiesOf(attempt));
    else
      engines.push(
        writeEngine(dir, id, { 'test.well': WELL, ...bodiesOf(attempt) }, attempt.atLoad ?? '', attempt.webAssembly),
      );
  }
  return [...engines, writeEngine(dir, SHARED, shared, '')];
}

/** As the fixture's engine, but sloppy code, with something that runs when it is loaded. */
function writeEngine(
  dir: string,
  id: string,
  bodies: Bodies,
  atLoad: string,
  webassembly?: readonly string[],
): EngineSource {
  const source = makeEngine(dir, id, bodies);
  const operations = Object.entries(bodies).map(
    ([name, body]) => `${JSON.stringify(name)}: { run: async (context, params) => {\n${body}\n} }`,
  );
  const code = `(function () { ${atLoad}\n __mex_register__({ operations: { ${operations.join(',')} } }); })();`;
  writeFileSync(source.bundle, code);
  const bundle = { sha256: sha256Hex(code), size_bytes: Buffer.byteLength(code) };
  const manifest = { ...Object(source.manifest), bundle, ...(webassembly === undefined ? {} : { webassembly }) };
  return { ...source, manifest };
}
