import { runJailed } from '../../src/broker/proc-exec/jailed-run.ts';
import { launchJailed } from '../../src/sandbox/jail/launch.ts';
import { findJailTools } from '../../src/sandbox/jail/requirements.ts';
import { systemMounts } from '../../src/sandbox/jail/system-mounts.ts';

/* A host of its own, started by jail.test.ts: it runs programs that would sleep, one after another, until it is killed. */

const [, , marker = ''] = process.argv;
const tools = findJailTools();
if ('missing' in tools) throw new Error(tools.missing);

const runOne = () =>
  runJailed({
    start: () =>
      launchJailed(tools, {
        program: '/usr/bin/perl',
        args: ['-e', `# ${marker}\nsleep 60`],
        env: {},
        ...systemMounts(),
        proc: true,
        cwd: '/',
        limits: { memoryBytes: 1 << 29, cpuSeconds: 1, fileBytes: 0, openFiles: 16 },
        seccomp: 'program',
        held: true,
        alone: false,
      }),
    stdin: undefined,
    streamBytes: 1_024,
    outputBytes: 1_024,
    wallMs: 40,
    cpuMs: 10_000,
    memoryBytes: 1 << 29,
    processes: 16,
    work: undefined,
    stop: new AbortController().signal,
  });

async function runForever(): Promise<never> {
  for (;;) await runOne();
}

process.stdout.write('ready\n');
await Promise.all([runForever(), runForever()]);
