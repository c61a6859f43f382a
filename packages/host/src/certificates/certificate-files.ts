import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAX_CERTIFICATE_BYTES } from '@mex/registry';

const SHA256 = /^[0-9a-f]{64}$/;
/** No envelope: a certificate that is there and cannot be read is refused, not overlooked. */
const UNREADABLE = '';

/** Where a home keeps its certificate of a shipped engine's bundle. */
export function certificateFile(home: string, bundleSha256: string): string {
  return join(home, 'certificates', `${bundleSha256}.dsse.json`);
}

/** The certificate that this home has for a bundle, as text; `undefined` when it has none. */
export function readHomeCertificate(home: string, bundleSha256: string): string | undefined {
  return SHA256.test(bundleSha256) ? readCertificateFile(certificateFile(home, bundleSha256)) : undefined;
}

/** The text of a certificate. `undefined` when nothing is there; what cannot be read is text that is no certificate. */
export function readCertificateFile(location: string): string | undefined {
  let file: number;
  try {
    const path = location.startsWith('file:') ? fileURLToPath(location) : location;
    // Never waits for the other end of a pipe.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isAbsent ? undefined : UNREADABLE;
  }
  try {
    return readBounded(file);
  } catch {
    // A directory, say: told as a certificate that is no JSON.
    return UNREADABLE;
  } finally {
    closeSync(file);
  }
}

function readBounded(file: number): string {
  if (!fstatSync(file).isFile()) return UNREADABLE;
  const bytes = Buffer.alloc(MAX_CERTIFICATE_BYTES + 1);
  let size = 0;
  while (size < bytes.length) {
    const count = readSync(file, bytes, size, bytes.length - size, size);
    if (count === 0) break;
    size += count;
  }
  return size > MAX_CERTIFICATE_BYTES ? UNREADABLE : bytes.toString('utf8', 0, size);
}

/** Writes a certificate into the home, atomically and durably; one that is there is replaced. */
export function writeHomeCertificate(home: string, bundleSha256: string, envelope: string): string {
  const target = certificateFile(home, bundleSha256);
  mkdirSync(join(home, 'certificates'), { recursive: true });
  const draft = `${target}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    writeFileSync(draft, envelope, { flag: 'wx', mode: 0o644, flush: true });
    renameSync(draft, target);
    syncDirectory(join(home, 'certificates'));
  } finally {
    rmSync(draft, { force: true });
  }
  return target;
}

/** Without it, a power cut can bring back the old name of a file whose content is safe. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
