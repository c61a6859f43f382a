import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import type { JailSpec } from './launch.ts';

/** What an external program of the distribution needs to be found and to start: programs, libraries, and the loader's cache. */
const TREES = ['/usr'];
/** Symbolic links into /usr on a merged system; directories of their own on others. */
const TOP_LEVEL = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** Nothing here is a secret, and without it programs do not start or do not find their certificates or alternatives. */
const FILES = [
  '/etc/ld.so.cache',
  '/etc/alternatives',
  '/etc/ssl/certs',
  '/etc/ca-certificates.conf',
  '/etc/localtime',
];

/** Read-only mounts and links that make a distribution's programs run in a jail. /etc, /home, /root, /var stay outside. */
export function systemMounts(): Required<Pick<JailSpec, 'readOnly' | 'links'>> {
  const readOnly: { source: string; target: string }[] = [];
  const links: { to: string; at: string }[] = [];
  for (const path of TREES) if (existsSync(path)) readOnly.push({ source: realpathSync(path), target: path });
  for (const path of TOP_LEVEL) {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry?.isSymbolicLink()) links.push({ to: readlinkSync(path), at: path });
    else if (entry?.isDirectory()) readOnly.push({ source: path, target: path });
  }
  for (const path of FILES) if (existsSync(path)) readOnly.push({ source: realpathSync(path), target: path });
  return { readOnly, links };
}
