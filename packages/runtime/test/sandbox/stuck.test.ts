import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

describe('[hole] a loop that V8 does not interrupt', () => {
  it('keeps neither its caller nor the closing of the tier waiting; the thread is reported', async () => {
    const script = fileURLToPath(new URL('./stuck.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@mex/source', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {},
    });
    const said = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      child.once('exit', () => resolve('{}'));
    });
    child.kill('SIGKILL');
    const report = Object(JSON.parse(said)) as Record<string, unknown>;
    expect(report).toMatchObject({ reason: 'cancelled', stuck: ['engine.test.stuck'] });
    expect(Number(report['waitedMs'])).toBeLessThan(1_500);
    expect(Number(report['closeMs'])).toBeLessThan(3_000);
  });
});
