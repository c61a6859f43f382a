import { userInfo } from 'node:os';
import type { Caller } from '@mex/runtime';

/**
 * The operating system's user, as the caller of last resort. It is whoever started this process, not a proof of identity.
 * A user id without an entry in the user database, as containers have it, is named by its number.
 */
export function systemCaller(readUser: () => { readonly username: string } = userInfo): Caller {
  try {
    return { id: `os:${readUser().username}`, kind: 'human' };
  } catch {
    return { id: `os:uid-${process.getuid?.() ?? 'unknown'}`, kind: 'human' };
  }
}
