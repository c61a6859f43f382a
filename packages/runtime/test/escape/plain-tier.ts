import { Worker } from 'node:worker_threads';
import type { EngineCode, Job, JobOutcome, SandboxTier } from '../../src/sandbox/tier.ts';
import type { PlainTask, PlainWord } from './plain-entry.ts';

/** How long an operation may take before the control calls it endless. Nothing here enforces the operation's own budget. */
const PATIENCE_MS = 300;

interface Plain {
  readonly worker: Worker;
  readonly engineId: string;
  /** It ended by itself: whoever comes next notices. */
  dead: boolean;
}

/** The control: an unprotected worker, with the host's environment and streams. One at a time is enough. */
export function createPlainTier(): SandboxTier {
  let current: Plain | undefined;

  const plainOf = (code: EngineCode): Plain => {
    if (current?.engineId === code.engineId) return current;
    void current?.worker.terminate();
    const worker = new Worker(new URL('./plain-entry.ts', import.meta.url));
    const plain = { worker, engineId: code.engineId, dead: false };
    const die = (): void => {
      plain.dead = true;
    };
    worker.on('error', die).on('exit', die);
    worker.postMessage({ load: code.text } satisfies PlainTask);
    current = plain;
    return plain;
  };

  const run = (job: Job): Promise<JobOutcome> =>
    new Promise((resolve) => {
      const started = performance.now();
      const { worker, dead } = plainOf(job.code);
      const settle = (outcome: 'crashed' | 'wall_time' | { text: string }): void => {
        clearTimeout(timer);
        worker.off('message', onWord).off('exit', onExit);
        const usage = { wallMs: performance.now() - started, cpuMs: 0, memoryBytes: 0 };
        if (typeof outcome === 'object') return resolve({ kind: 'replied', text: outcome.text, usage });
        current = undefined;
        void worker.terminate();
        resolve({ kind: 'killed', reason: outcome, detail: outcome, usage });
      };
      const answer = (word: Extract<PlainWord, { call: string }>): void => {
        const bytes = word.bytes === undefined ? {} : { bytes: word.bytes };
        job.onCall({ text: word.call, ...bytes }).then(
          (frame) => worker.postMessage({ reply: frame.text, bytes: frame.bytes } satisfies PlainTask),
          () => settle('crashed'),
        );
      };
      const onWord = (word: PlainWord): void => {
        if ('call' in word) return answer(word);
        settle({ text: word.done.slice(word.done.indexOf('{')) });
      };
      const onExit = (): void => settle('crashed');
      const timer = setTimeout(() => settle('wall_time'), PATIENCE_MS);
      worker.on('message', onWord).on('exit', onExit);
      if (dead) settle('crashed');
      else worker.postMessage({ run: job.request } satisfies PlainTask);
    });

  return {
    name: 'thread',
    prove: undefined,
    proveRealm: () => Promise.reject(new Error('it promises nothing')),
    run,
    prewarm: () => {},
    close: async () => {
      await current?.worker.terminate();
      return { stuck: [] };
    },
  };
}
