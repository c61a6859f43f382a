import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { Sandbox, valueOf } from './sandbox.ts';

const MIB = 1024 * 1024;
const bodies = {
  gc: `return typeof gc;`,
  buffers: `for (let i = 0; i < 60; i++) new Uint8Array(${MIB}); return 'collected';`,
  small: `for (let i = 0; i < 600; i++) new Uint8Array(${MIB / 10}); return 'collected';`,
  formatters: `for (let i = 0; i < 300; i++) new Intl.DateTimeFormat('en'); return 'collected';`,
  resizable: `for (let i = 0; i < 20000; i++) new ArrayBuffer(1, { maxByteLength: 2 }); return 'collected';`,
  kept: `const kept = []; for (let i = 0; i < 60; i++) kept.push(new Uint8Array(${MIB})); return 'kept';`,
};

describe('memory that an engine let go', () => {
  it.each(['buffers', 'small', 'formatters', 'resizable'])('[§9] is not counted: %s', async (name) => {
    const realm = Sandbox.of('realm', bodies, { maxArrayBufferBytes: 4 * MIB });
    expect(valueOf(await realm.call(name, {}, undefined, 10_000))).toBe('collected');
    expect(valueOf(await realm.call('gc'))).toBe('undefined');
    await realm.close();
  });

  it('[§9] a thread that is ended while it asks for the collector leaves a flag, and no later realm is the worse for it', async () => {
    setFlagsFromString('--expose-gc');
    const later = Sandbox.of('realm', bodies, { maxArrayBufferBytes: 4 * MIB });
    try {
      expect(await later.load()).toBe('ok');
      expect(valueOf(await later.call('gc'))).toBe('undefined');
      expect(valueOf(await later.call('buffers'))).toBe('collected');
      expect(await later.call('kept')).toMatchObject({ reply: { ok: false, memory: { exceeded: true } } });
    } finally {
      setFlagsFromString('--no-expose-gc');
      await later.close();
    }
  });
});
