import { CAPABILITY_AXES, coversCapability, findCapability, splitCapability, verifyCapabilities } from '@mex/envelope';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './json/refusal-of.ts';

const REGISTERED = [
  'fs.read',
  'fs.read:inputs',
  'fs.write',
  'fs.write:artifacts',
  'net.http',
  'net.http:api.example',
  'net.http:*.api.example:8443',
  'net.http:localhost:1',
  'net.http:a-b.example:65535',
  'proc.exec:git',
  'gpu.compute',
  'device.camera',
  'device.mic',
  'device.usb',
  'device.serial',
  'secrets.use:registry-token',
];

const UNKNOWN = [
  '',
  ':',
  'fs',
  'fs.',
  'fs.read:',
  'fs.read:a b',
  'fs.read:../etc',
  'fs.read:/etc',
  'fs.read:.hidden',
  'FS.READ',
  'fs.write:anywhere',
  'fs.write:artifacts:more',
  'fs.fly',
  'net.http:https://api.example',
  'net.http:api.example/path',
  'net.http:API.example',
  'net.http:user@api.example',
  'net.http:*',
  'net.http:*.*.example',
  'net.http:api..example',
  'net.http:-api.example',
  'net.http:api-.example',
  'net.http:api.example:',
  'net.http:api.example:0',
  'net.http:api.example:65536',
  'net.http:api.example:080',
  'net.http:api.example\n',
  'gpu.compute:0',
  'device.camera:front',
  'proc.exec:/usr/bin/git',
  'constructor',
  '__proto__',
  'toString:x',
];

describe('[§7] capability ids', () => {
  it.each(REGISTERED)('%s is registered', (id) => {
    expect(findCapability(id)?.axis).toBe(splitCapability(id).axis);
    expect(() => verifyCapabilities([id], 'x')).not.toThrow();
  });

  it.each(UNKNOWN)('%j is not registered: HSK-4001', (id) => {
    expect(findCapability(id)).toBeUndefined();
    const refusal = refusalOf(() => verifyCapabilities(['fs.read', id], 'Operation a.b'));
    expect(refusal).toMatchObject({ code: 'HSK-4001', kind: 'capability' });
    expect(refusal.message).toMatch(/^Operation a\.b names the unknown capability ".*"\.$/);
  });

  it('what an unknown id says cannot break or turn the line it is shown in', () => {
    const refusal = refusalOf(() => verifyCapabilities(['fs.fly:\u001b[2J\n\u202e'], 'x'));
    expect(refusal.message).not.toMatch(/[\p{C}\n]/u);
    expect(refusalOf(() => verifyCapabilities(['x'.repeat(10_000)], 'x')).message.length).toBeLessThan(200);
  });

  it('devices, the network and secrets need a consent; nothing else does', () => {
    const consent = CAPABILITY_AXES.filter((axis) => axis.needsConsent).map((axis) => axis.axis);
    expect(consent).toEqual(['net.http', 'device.camera', 'device.mic', 'device.usb', 'device.serial', 'secrets.use']);
  });
});

describe('[§7] an axis-only grant covers all its scopes, a scoped grant only that scope', () => {
  it.each([
    ['fs.read', 'fs.read', true],
    ['fs.read', 'fs.read:inputs', true],
    ['fs.read:inputs', 'fs.read:inputs', true],
    ['fs.read:inputs', 'fs.read', false],
    ['fs.read:inputs', 'fs.read:inputs2', false],
    ['fs.read:in', 'fs.read:inputs', false],
    ['fs', 'fs.read', false],
    ['fs.read', 'fs.readall', false],
    ['fs.read', 'fs.write:artifacts', false],
    ['net.http:*.example', 'net.http:api.example', false],
    ['net.http:api.example', 'net.http:api.example:8443', false],
  ])('%s covers %s: %s', (grant, request, covers) => {
    expect(coversCapability(grant, request)).toBe(covers);
  });

  it('is reflexive and transitive, and never reaches another axis', () => {
    const id = fc.constantFrom(...REGISTERED);
    fc.assert(
      fc.property(id, id, id, (a, b, c) => {
        expect(coversCapability(a, a)).toBe(true);
        if (coversCapability(a, b) && coversCapability(b, c)) expect(coversCapability(a, c)).toBe(true);
        if (coversCapability(a, b)) expect(splitCapability(a).axis).toBe(splitCapability(b).axis);
      }),
      { seed: 41, numRuns: 2_000 },
    );
  });
});
