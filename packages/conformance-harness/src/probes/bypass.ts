import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { MexError, parseStrictJson } from '@mex/envelope';
import { codeOf, type Observation, outcomeOf } from '../lab/observation.ts';
import { packageProbe, placeOf, representatives, tierProbe } from './probe.ts';

/** The lines of a front door, comments and white space aside: a manifest, a handle, nothing that runs. */
const FRONT_DOOR = [
  /^import manifest from ['"]\.\/manifest\.json['"] with \{ type: ['"]json['"] \};?$/,
  /^export const engine = Object\.freeze\(\{ manifest, bundle: new URL\(['"]\.\/engine\.bundle['"], import\.meta\.url\)\.href \}\);?$/,
  /^export \{ manifest \};?$/,
];

/** All that end a line, and with it a comment, for JavaScript. */
const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

/** Scripts that a package manager runs when somebody installs a package. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/** What a package lets out is a manifest and a handle. Read, never imported: it is the author's code. */
export const frontDoor = packageProbe(({ engine, log }) => {
  if (engine.packageDir === undefined) return;
  const dist = join(engine.packageDir, 'dist');
  const file = join(dist, 'index.js');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = text.split(LINE_END).filter((line) => line.trim() !== '' && !line.startsWith('//'));
  const stray = lines.find((line) => !FRONT_DOOR.some((known) => known.test(line)));
  log.check(stray === undefined && lines.length > 0, () => ({
    what:
      stray === undefined
        ? 'The package has no front door.'
        : `The front door holds more than a manifest and a handle: ${stray.slice(0, 200)}`,
    where: { at: 'dist/index.js' },
  }));
  const allowed = new Set(['engine.bundle', 'index.d.ts', 'index.js', 'manifest.json']);
  const more = existsSync(dist)
    ? readdirSync(dist).find((name) => /\.[cm]?js$/.test(name) && !allowed.has(name))
    : undefined;
  log.check(more === undefined, () => ({ what: `dist/ holds other code: ${more}.`, where: { at: `dist/${more}` } }));
  const described = join(engine.packageDir, 'package.json');
  const value = existsSync(described) ? parseStrictJson(readFileSync(described)) : undefined;
  const why = isObject(value) ? sideDoor(value) : undefined;
  log.check(why === undefined, () => ({ what: `package.json ${why}.`, where: { at: 'package.json' } }));
  // Package managers build such a package when they install it, without any script that says so.
  log.check(!existsSync(join(engine.packageDir, 'binding.gyp')), () => ({
    what: 'The package is built when it is installed.',
    where: { at: 'binding.gyp' },
  }));
});

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How a package is reached beside its front door, as a clause; `undefined`: not at all. */
function sideDoor(described: Readonly<Record<string, unknown>>): string | undefined {
  const { scripts, exports } = described;
  const script = isObject(scripts) ? INSTALL_SCRIPTS.find((name) => Object.hasOwn(scripts, name)) : undefined;
  if (script !== undefined)
    return `has the script "${script}", which runs when it is installed, outside of any sandbox`;
  if (exports === undefined || exports === null) return 'has no "exports", so that every file of it can be imported';
  const stray = strayTarget(described);
  return stray === undefined ? undefined : `exports ${stray}, which is not the front door`;
}

/** An export of a package that leads anywhere but to its front door, or to data. */
function strayTarget(described: Readonly<Record<string, unknown>>): string | undefined {
  const known = new Set([
    './dist/index.js',
    './dist/index.d.ts',
    './package.json',
    './dist/manifest.json',
    './dist/engine.bundle',
  ]);
  const targets = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(targets) : [];
  };
  const members = ['main', 'module', 'browser', 'bin', 'exports'].flatMap((key) => targets(described[key]));
  // Node reads a name that ends so as JSON, whatever is in it: data, and nothing that runs. A target is a URL, and what
  // follows its path says nothing of the file.
  const isData = (target: string): boolean => target.endsWith('.json') && !/[?#%]/.test(target);
  return members.find((target) => !isData(target) && !known.has(target.startsWith('./') ? target : `./${target}`));
}

/** The bundle is a script, which nobody can import anything from. Compiled, never run here. */
export const bundleIsScript = packageProbe(({ engine, log }) => {
  let why: string | undefined;
  try {
    void new Script(engine.bundleText, { filename: 'engine.bundle' });
    if (!engine.bundleText.includes('__mex_register__'))
      why = 'it never names __mex_register__, through which an engine is handed over';
  } catch (error) {
    why = error instanceof Error ? error.message : 'it cannot be read';
  }
  log.check(why === undefined, () => ({
    what: `The bundle is not what a build writes: ${why}.`,
    where: { at: 'dist/engine.bundle' },
  }));
});

/** Operations that nobody declared, capabilities that nobody declared, an envelope that grants itself something. */
export const nothingAround = tierProbe(async (bench) => {
  const { lab, log } = bench;
  for (const { vector } of await representatives(bench)) {
    const expectDenied = (observed: Observation, code: string, what: string): void =>
      log.check(
        observed.result.status === 'denied' && codeOf(observed) === code && observed.sighting.starts === 0,
        () => ({
          what: `${what} was not denied with ${code}: ${outcomeOf(observed)}.`,
          where: placeOf(bench, vector),
        }),
      );
    expectDenied(
      await lab.run(vector, { operation: 'conformance.unheard_of' }),
      'OPERATION_UNKNOWN',
      'An operation that is not declared',
    );
    const stranger = ['device.camera', 'gpu.compute'].find(
      (id) => !declares(bench.engine.manifest.operations, vector.document.operation, id),
    );
    if (stranger !== undefined)
      expectDenied(
        await lab.run(vector, { capabilities: [stranger] }),
        'CAPABILITY_NOT_DECLARED',
        `${stranger}, which is not declared,`,
      );
    const planned = await lab.plan(vector);
    const selfGranted = { ...planned, human_consent_obtained: true };
    const outcome = await lab.send(vector, selfGranted).then(outcomeOf, refusalOf);
    log.check(outcome === 'ENVELOPE_INVALID', () => ({
      what: `An envelope that grants itself something was not refused: ${outcome}.`,
      where: placeOf(bench, vector),
    }));
  }
});

function declares(
  operations: Readonly<Record<string, { capabilities: readonly string[] }>>,
  name: string,
  id: string,
): boolean {
  return operations[name]?.capabilities.includes(id) === true;
}

function refusalOf(thrown: unknown): string {
  if (thrown instanceof MexError) return thrown.code;
  throw thrown;
}
