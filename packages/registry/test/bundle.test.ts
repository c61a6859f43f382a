import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BundleRef, loadBundle, MAX_BUNDLE_BYTES } from '@mex/registry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE, sha256 } from './manifests.ts';
import { refusalOf } from './refusal-of.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-bundle-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let count = 0;
function bundleOf(content: string | Uint8Array, digest = sha256(content)): BundleRef {
  const location = join(dir, `${count++}.bundle`);
  writeFileSync(location, content);
  return { location, sha256: digest, sizeBytes: content.length };
}

const refuse = (ref: BundleRef) => refusalOf(() => loadBundle(ref, 'engine.test.one'));

describe('[§8] G-INTEGRITY: a bundle is read once and checked before any of it is used', () => {
  it('the registered bytes come back as text, from a path or a file URL', () => {
    const ref = bundleOf(`${BUNDLE}// ü 😀\n`);
    expect(loadBundle(ref, 'e')).toBe(`${BUNDLE}// ü 😀\n`);
    expect(loadBundle({ ...ref, location: pathToFileURL(ref.location).href }, 'e')).toBe(`${BUNDLE}// ü 😀\n`);
  });

  it('the text has the digest that the bytes have, also with a byte order mark', () => {
    const text = '\ufeffexport default 1;';
    expect(sha256(loadBundle(bundleOf(text), 'e'))).toBe(sha256(text));
  });

  it('one changed byte: REGISTRY_BUNDLE_DIGEST', () => {
    const refusal = refuse(bundleOf('export default {}; ', sha256(BUNDLE)));
    expect(refusal).toMatchObject({ code: 'REGISTRY_BUNDLE_DIGEST', kind: 'integrity' });
    expect(refusal.message).toContain('engine.test.one');
  });

  it('a symbolic link to other bytes: REGISTRY_BUNDLE_DIGEST', () => {
    const { location } = bundleOf('other');
    const link = join(dir, 'link');
    symlinkSync(location, link);
    expect(refuse({ location: link, sha256: sha256(BUNDLE), sizeBytes: 1 }).code).toBe('REGISTRY_BUNDLE_DIGEST');
  });

  it.each([
    ['a missing file', () => join(dir, 'nothing')],
    ['a directory', () => dir],
    ['a device that never ends', () => '/dev/zero'],
    [
      'a link to itself',
      () => {
        const link = join(dir, 'loop');
        symlinkSync(link, link);
        return link;
      },
    ],
    ['a path with a NUL', () => `${dir}/a\0b`],
    ['a file URL of another host', () => 'file://elsewhere.example/engine.bundle'],
    ['a file URL with an encoded slash', () => 'file:///a%2fb'],
    ['an empty path', () => ''],
    ['another protocol', () => 'https://registry.example/engine.bundle'],
  ])('%s: REGISTRY_BUNDLE_MISSING', (_what, place) => {
    const refusal = refuse({ location: place(), sha256: sha256(BUNDLE), sizeBytes: 1 });
    expect(refusal).toMatchObject({ code: 'REGISTRY_BUNDLE_MISSING', kind: 'integrity' });
    expect(refusal.remedy).toContain('mex engines add');
  });

  it('more than the largest size: REGISTRY_BUNDLE_INVALID, without reading it', () => {
    const ref = bundleOf('x');
    truncateSync(ref.location, MAX_BUNDLE_BYTES + 1);
    expect(refuse(ref)).toMatchObject({
      code: 'REGISTRY_BUNDLE_INVALID',
      message: expect.stringContaining('67108864'),
    });
  });

  it('the right bytes that are not UTF-8: REGISTRY_BUNDLE_INVALID', () => {
    expect(refuse(bundleOf(Uint8Array.of(0x61, 0xff, 0xfe))).code).toBe('REGISTRY_BUNDLE_INVALID');
  });

  it('the digest is checked first: what is not the registered bundle is not looked at', () => {
    expect(refuse(bundleOf(Uint8Array.of(0xff), sha256(BUNDLE))).code).toBe('REGISTRY_BUNDLE_DIGEST');
  });

  it('works below a directory with odd characters', () => {
    const odd = join(dir, 'ä b%20#?');
    mkdirSync(odd);
    writeFileSync(join(odd, 'x'), BUNDLE);
    expect(
      loadBundle({ location: pathToFileURL(join(odd, 'x')).href, sha256: sha256(BUNDLE), sizeBytes: 1 }, 'e'),
    ).toBe(BUNDLE);
  });
});
