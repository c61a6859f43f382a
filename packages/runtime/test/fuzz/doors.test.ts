import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKERS, canonicalJson, MexError, parseOperation, parseStrictJson } from '@mex/envelope';
import { createRegistry, readRegistryFile, registrySources } from '@mex/registry';
import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import { engineReply } from '../../src/broker/call.ts';
import { cleanReply } from '../../src/clean-reply.ts';
import { mutated } from './mutate.ts';
import { FUZZ_TIMEOUT_MS, fuzzRun, seedManifest, seedText } from './seed.ts';

const dir = mkdtempSync(join(tmpdir(), 'mex-fuzz-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const { manifest, registry } = seedManifest();

/** What a door may do with a stranger's text: read it, or refuse it with a typed error. Nothing else. */
function readOrRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof MexError) return undefined;
    throw new Error(`no typed error: ${String(thrown)}`, { cause: thrown });
  }
}

function holds(text: string, condition: boolean, what: string): void {
  if (!condition) throw new Error(`${what}: ${JSON.stringify(text).slice(0, 500)}`);
}

describe('doors, fuzzed', () => {
  it('[§3] an operation is read or refused, and what was read has one canonical form', {
    timeout: FUZZ_TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(mutated([seedText('operation')]), (text) => {
        const read = readOrRefused(() => parseOperation(text));
        if (read === undefined) return;
        const canonical = canonicalJson(read);
        holds(
          text,
          canonicalJson(parseOperation(canonical)) === canonical,
          'its canonical form reads as something else',
        );
        holds(
          text,
          Object.getPrototypeOf(read) === Object.prototype || Object.getPrototypeOf(read) === null,
          'a foreign prototype',
        );
      }),
      fuzzRun(4_000),
    );
  });

  it('[§10] a manifest is registered or refused', { timeout: FUZZ_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(mutated([manifest]), (text) => {
        const value = readOrRefused(() => parseStrictJson(text));
        if (value === undefined) return;
        const known = readOrRefused(() => CHECKERS.engineManifest.parse(value, 'The manifest'));
        const source = {
          engineId: 'engine.test.unit',
          manifest: value,
          bundle: join(dir, 'none'),
          origin: 'added',
        } as const;
        const { engines } = createRegistry([source]);
        holds(text, engines.length === 0 || known !== undefined, 'registered what the schema refuses');
      }),
      fuzzRun(1_500),
    );
  });

  it('[§10] a registry file is read or refused, and no entry of it leaves its directory', {
    timeout: FUZZ_TIMEOUT_MS,
  }, () => {
    const file = join(dir, 'mechanical_engines.json');
    fc.assert(
      fc.property(mutated([registry]), (text) => {
        writeFileSync(file, text);
        const document = readOrRefused(() => readRegistryFile(file));
        if (document === undefined) return;
        const sources = registrySources(document, file, 'added');
        for (const { bundle } of sources)
          holds(text, bundle === '' || bundle.startsWith(dir), `the bundle ${bundle} is elsewhere`);
        createRegistry(sources);
      }),
      fuzzRun(1_000),
    );
  });

  it('[§9] a reply of an engine is read and cleaned, or refused', { timeout: FUZZ_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(mutated([seedText('reply')]), (text) => {
        const value = readOrRefused(() => parseStrictJson(text));
        if (value === undefined || !engineReply.check(value)) return;
        const cleaned = cleanReply(value);
        holds(text, !cleaned.log.some((line) => line.includes('\u001b')), 'a control sequence is left');
      }),
      fuzzRun(5_000),
    );
  });
});
