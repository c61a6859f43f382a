import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HostReply, type HostReport, NO_REPLY } from './host-report.ts';
import type { TierUnderTest } from './tiers.ts';
import { ENV_SECRET, type Target } from './witness.ts';

/** A host that answers nothing for so long stands still, whatever its clock says. */
const SILENCE_MS = 12_000;

/** Temporary files go where the witness removes them; the language is one that determinism would notice. */
const PLACE = { PATH: '/usr/bin:/bin', LANG: 'de_DE' };

/**
 * A host in a process of its own, so that one that dies or stands still takes no test along. It runs a whole runtime
 * with one tier; a dead one is replaced for the next attempt.
 */
export class Host {
  private readonly tier: TierUnderTest;
  private readonly target: Target;
  private child: ChildProcess | undefined;
  private ready: Promise<unknown> = Promise.resolve();
  private printed = '';

  constructor(tier: TierUnderTest, target: Target) {
    this.tier = tier;
    this.target = target;
  }

  async attempt(id: string): Promise<HostReport> {
    const child = this.child ?? this.start();
    await this.ready;
    const pid = child.pid ?? 0;
    const printed = (): string => this.printed;
    const seen = { pid, cwd: process.cwd(), printed };
    const before = performance.now();
    if (child.exitCode !== null) {
      this.child = undefined;
      return { ...NO_REPLY, ...seen, death: 'it did not start' };
    }
    return new Promise((resolve) => {
      const settle = (reply: HostReply, death: string): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
        if (death !== '') this.child = undefined;
        resolve({ ...reply, ...seen, death });
      };
      const onMessage = (reply: HostReply): void => {
        if (reply.id === id) settle(reply, '');
      };
      const onExit = (code: number | null, signal: string | null): void =>
        settle(NO_REPLY, `${signal ?? `exit ${code}`} after ${Math.round(performance.now() - before)} ms`);
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        settle(NO_REPLY, 'it said nothing any more');
      }, SILENCE_MS);
      child.on('message', onMessage).on('exit', onExit);
      this.printed = '';
      child.send({ id });
    });
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  private start(): ChildProcess {
    const child = fork(fileURLToPath(new URL('./host-main.ts', import.meta.url)), [this.tier], {
      execArgv: ['--conditions=@mex/source', '--max-old-space-size=512'],
      env: {
        ...PLACE,
        MEX_CANARY: ENV_SECRET,
        MEX_TARGET: JSON.stringify(this.target),
        TMPDIR: join(this.target.dir, 'hosts'),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.printed = (this.printed + chunk.toString()).slice(-20_000);
      });
    this.child = child;
    this.ready = Promise.race([once(child, 'message'), once(child, 'exit')]);
    return child;
  }
}
