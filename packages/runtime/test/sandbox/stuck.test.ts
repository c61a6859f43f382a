import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

describe('[hole] a loop that V8 does not interrupt', () => {
  it('is ended by its CPU time, and keeps neither its caller nor the closing of the tier waiting; the thread is reported', async () => {
    const script = fileURLToPath(new URL('./stuck.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@mex/source', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {},
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      child.once('exit', () => resolve('{}'));
    });
    const report = Object(JSON.parse(said)) as Record<string, unknown>;
    expect(report).toMatchObject({ reason: 'cpu_time', stuck: ['engine.test.stuck'] });
    expect(Number(report['waitedMs'])).toBeLessThan(3_000);
    expect(Number(report['closeMs'])).toBeLessThan(3_000);
  });
});
