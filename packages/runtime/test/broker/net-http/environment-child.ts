/** Started by environment.test.ts under an environment that would send requests elsewhere. Prints one line of JSON. */
import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { certify } from './certificate.ts';
import { call, makeWorld, OK, outcome, serve } from './world.ts';

const plain = await serve(OK);
const secured = await serve(OK, certify(['site.test']));
const ports = [plain.port, secured.port];
const { broker } = makeWorld({
  privateHosts: ports.map((port) => `site.test:${port}`),
  dns: { 'site.test': ['127.0.0.1'] },
});

/** What Node's own client does here: the control that shows that the environment works. */
function ask(start: typeof get, url: string): Promise<string> {
  return new Promise((resolve) => {
    start(url, (answer) => resolve(String(answer.statusCode))).on('error', () => resolve('failed'));
  });
}

const controls = [await ask(get, 'http://nowhere.invalid/'), await ask(getTls, `https://127.0.0.1:${secured.port}/`)];
const outcomes = [
  await outcome(broker, call(`http://site.test:${plain.port}/`)),
  await outcome(broker, call(`https://site.test:${secured.port}/`)),
];
console.log(JSON.stringify({ controls, outcomes, connections: plain.connections }));
await Promise.all([plain.close(), secured.close()]);
