import type { EngineContext, EngineProblem } from '@mex/engine-sdk';
import { revealEngine } from '@mex/engine-sdk/bundle';
import { describe, expect, it } from 'vitest';
import engine from '../src/engine.ts';

/** Names of characters that take two units each, at an even and an odd place of wherever a text is cut. */
const NAMES = ['', 'a'].map((start) => `${start}${'\u{1f600}'.repeat(60)}/`.repeat(40));
const CARGO = 'version = 4\n[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+https://registry.example"\n';

/** Every text inside a value, member names too. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...textsOf(member)]);
}

async function generate(files: Readonly<Record<string, string>>) {
  const problems: EngineProblem[] = [];
  const outputs = new Map<string, Uint8Array | string>();
  const content = new Map(Object.entries(files));
  const context: Pick<
    EngineContext,
    'opId' | 'operation' | 'determinism' | 'implementation' | 'inputs' | 'now' | 'write' | 'log' | 'problem'
  > = {
    opId: '00000000-0000-4000-8000-000000000001',
    operation: 'sbom.generate',
    determinism: 'D3',
    implementation: { id: 'builtin', kind: 'builtin' },
    inputs: [
      {
        name: undefined,
        sha256: 'a'.repeat(64),
        size: 0,
        mime: 'application/json',
        kind: 'bundle',
        files: async () => [...content].map(([path, text]) => ({ path, size: text.length, sha256: 'a'.repeat(64) })),
        bytes: () => Promise.reject(new Error('a bundle')),
        read: async (path) => new TextEncoder().encode(content.get(path)),
      },
    ],
    now: () => '2000-01-01T00:00:00Z',
    write: async (name, data) => {
      outputs.set(name, data);
      return '';
    },
    log: () => undefined,
    problem: (problem) => void problems.push(problem),
  };
  const summary = await revealEngine(engine).operations['sbom.generate']?.run(context as EngineContext, {});
  return { problems, summary, report: String(outputs.get('report.json')) };
}

describe('[§13] texts that are cut stay well-formed, or the whole result would be lost', () => {
  const files = Object.fromEntries(
    NAMES.flatMap((name) => [
      [`${name}Cargo.lock`, CARGO],
      [`${name}broken/Cargo.lock`, '[[package'],
      [`${name}package-lock.json`, '{"lockfileVersion":3,"packages":{"node_modules/\\ud83d":{"version":"1.0.0"}}}'],
      [`${name}yarn.lock`, '# yarn lockfile v1\n'],
    ]),
  );

  it('in the summary and in Problems', async () => {
    const { summary, problems } = await generate(files);
    expect(problems.length).toBeGreaterThan(2);
    for (const problem of problems) {
      expect(textsOf(problem).filter((text) => !text.isWellFormed())).toEqual([]);
      expect(problem.locations?.every(({ path }) => path.length <= 4_096)).toBe(true);
    }
    expect(textsOf(summary).filter((text) => !text.isWellFormed())).toEqual([]);
  });

  it('in the report, every finding with an id that is one', async () => {
    const report: { findings: { id: string }[] } = JSON.parse((await generate(files)).report);
    expect(textsOf(report).filter((text) => !text.isWellFormed())).toEqual([]);
    expect(report.findings.length).toBeGreaterThan(1);
    for (const { id } of report.findings) expect(id).toMatch(/^[^\s\p{Cc}]{1,256}$/u);
  });
});
