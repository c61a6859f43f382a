import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Invocation } from './command.ts';
import { isTrackedByGit } from './git-index.ts';
import { dim, yellow } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';

/*
 * The default home lies where a person works (CONTRACT §16), and that may be a checkout of somebody else's: with a home
 * in it that says what is allowed, which engines run, and what was approved. It cannot be told apart from one's own by
 * looking at it. So which homes this user has met is kept where no checkout reaches, and meeting one that was there
 * before is said aloud. A home that is named, by --home or MEX_HOME, is one that somebody chose.
 */

/** Commands that are about no home. */
const HOMELESS: ReadonlySet<string | undefined> = new Set(['completion', 'new']);
/** What decides in a home, and may come with a pull. */
const DECIDING = ['policy.json', 'mechanical_engines.json'];
const LARGEST_BYTES = 16 * 1024 * 1024;

/**
 * Says so when the default home was there before this user used it, once for each such home, and again when git brought it
 * another policy or other engines. Never throws.
 * @returns to be called when the command has ended: a home that it made is one's own
 */
export function noteFoundHome(invocation: Invocation, env: NodeJS.ProcessEnv, terminal: Terminal): () => void {
  if (invocation.options.has('home') || env['MEX_HOME'] || HOMELESS.has(invocation.command.path[0])) return nothing;
  const home = resolve(invocation.home);
  if (!existsSync(home)) return () => remember(home, env);
  try {
    const tracked = isTrackedByGit(home);
    if (isKnown(identify(home, tracked), env)) return nothing;
    warn(home, tracked, terminal);
    remember(home, env);
  } catch {
    // What cannot be looked at is for the command to stumble over, and to say.
  }
  return nothing;
}

function warn(home: string, tracked: boolean, terminal: Terminal): void {
  const why = tracked ? 'comes with this checkout: git tracks files of it' : 'was there before you used mex here';
  terminal.note(yellow('mex: warning: '), `${home} ${why}.`);
  terminal.note('  Its policy, engines, consents and approvals count for what you do here.');
  terminal.note('  → If you did not make it, look first: mex policy check, mex engines list, mex grants list');
  terminal.note(dim('    or use a home of your own: --home <dir>, or MEX_HOME. This is said once.'));
}

function nothing(): void {}

/** Another directory in its place is another home, and so is one for which git brought another policy. */
function identify(home: string, tracked: boolean): string {
  const { dev, ino, birthtimeNs } = statSync(home, { bigint: true });
  const deciding = tracked ? DECIDING.map((name) => digestOf(join(home, name))) : [];
  const parts = [realpathSync(home), dev, ino, birthtimeNs, ...deciding];
  return sha256(parts.join('\n'));
}

function digestOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > LARGEST_BYTES) return String(stat?.size);
  return sha256(readFileSync(file));
}

/** Loaded when it is needed: most commands begin without it. */
function sha256(bytes: string | Uint8Array): string {
  return process.getBuiltinModule('node:crypto').hash('sha256', bytes, 'hex');
}

/** The XDG state directory; absent for somebody without a home directory, who is then told every time. */
function knownHomes(env: NodeJS.ProcessEnv): string | undefined {
  const base = env['XDG_STATE_HOME'] || (env['HOME'] && join(homedir(), '.local', 'state'));
  return base ? join(base, 'mex', 'homes') : undefined;
}

function isKnown(id: string, env: NodeJS.ProcessEnv): boolean {
  const dir = knownHomes(env);
  return dir !== undefined && existsSync(join(dir, id));
}

function remember(home: string, env: NodeJS.ProcessEnv): void {
  const dir = knownHomes(env);
  if (dir === undefined || !existsSync(home)) return;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, identify(home, isTrackedByGit(home))), '', { mode: 0o600 });
  } catch {
    // What cannot be remembered is said again.
  }
}
