// A worker whose engine's side has been taken over: it says what it likes.
import type { LoadTask } from '../../src/sandbox/thread/entry.ts';

let port: LoadTask['port'] | undefined;

export default async function handle(task: LoadTask | string): Promise<string> {
  if (typeof task !== 'string') {
    port = task.port;
    return 'loaded';
  }
  const request: unknown = JSON.parse(task);
  const { session, operation } = Object(request) as { session: number; operation: string };
  const call = (of: number): string => `{"session":${of},"id":1,"call":"input.bytes","input":0}`;
  if (operation === 'spin') for (;;);
  if (operation === 'future') port?.postMessage([call(session + 1)]);
  if (operation === 'past') port?.postMessage([call(session - 1)]);
  if (operation === 'received') port?.postMessage([session, 5]);
  if (operation === 'garbage') port?.postMessage({ any: 'thing' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  return `${Number.MAX_SAFE_INTEGER} 0 0 {}`;
}
