import type { Attempt, AttemptFile } from '../attempt.ts';

/** An engine that broke its realm open and holds Node’s own process object and loaders. */
const broken: readonly Omit<Attempt, 'brokenOpen'>[] = [
  { name: 'the default loader', body: `return (await outside.load('node:fs')).readFileSync(t.secretFile, 'utf8');` },
  { name: 'the default loader with a file', body: `return (await outside.load(t.moduleUrl)).secret;` },
  {
    name: 'the default loader with data:',
    body: `return (await outside.load('data:text/javascript,import fs from "node:fs";export default fs.readFileSync("' + t.secretFile + '","utf8")')).default;`,
  },
  { name: 'require', body: `return outside.require('fs').readFileSync(t.secretFile, 'utf8');` },
  { name: 'require with node:', body: `return outside.require('node:fs').readFileSync(t.secretFile, 'utf8');` },
  { name: 'require of a file', body: `return outside.require(t.dir + '/module.mjs').secret;` },
  {
    name: 'getBuiltinModule of the real process',
    body: `return outside.process.getBuiltinModule('fs').readFileSync(t.secretFile, 'utf8');`,
  },
  { name: 'binding of the real process', body: `return 'GOT ' + typeof outside.process.binding('util');` },
  { name: 'the environment of the real process', body: `return outside.process.env.MEX_CANARY;` },
  {
    name: 'kill of the real process',
    body: `outside.process.kill(outside.process.pid, 'SIGUSR2'); await new Promise((r) => setTimeout(r, 20));`,
  },
  {
    name: 'the streams of the real process',
    body: `outside.process.stdout.write('PRINTED'); outside.process.stderr.write('PRINTED'); await new Promise((r) => setTimeout(r, 30));`,
  },
  {
    name: 'the control port behind a stream',
    body: `for (const k of Reflect.ownKeys(outside.process.stdout)) if (outside.process.stdout[k]?.postMessage) return 'GOT the port'; for (const k of Object.getOwnPropertySymbols(outside.process.stdin)) if (outside.process.stdin[k]?.postMessage) return 'GOT the port';`,
  },
  { name: 'memory figures of the real process', body: `return 'GOT ' + outside.process.memoryUsage().rss;` },
  { name: 'handles of the real process', body: `return 'GOT ' + outside.process._getActiveHandles().length;` },
];

const attempts = broken.map(
  (attempt): Attempt => ({ ...attempt, name: `broken open: ${attempt.name}`, brokenOpen: true }),
);

export default { class: 'process and native code', attempts } satisfies AttemptFile;
