import { quoteText } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';

/** Where programs that a tool starts are looked for, inside the jail. */
export const JAIL_PATH = '/usr/local/bin:/usr/bin:/bin';
/** The shadow workspace, as a tool sees it. */
export const JAIL_WORK = '/work';

/** 2000-01-01, the instant that D2 and D3 operations see. */
const SOURCE_DATE_EPOCH = '946684800';

/** Same for every run on every machine; a policy adds to it and changes none of it. */
const FIXED: Readonly<Record<string, string>> = {
  HOME: JAIL_WORK,
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  PATH: JAIL_PATH,
  SOURCE_DATE_EPOCH,
  TMPDIR: '/tmp',
  TZ: 'UTC',
};

/** Variables by which something else is loaded or run than what was asked for. Names in upper case. */
const DENIED_PREFIXES = [
  'LD_',
  'DYLD_',
  'NODE_',
  'NPM_CONFIG_',
  'PYTHON',
  'PERL',
  'RUBY',
  'GEM_',
  'BUNDLE_',
  'GIT_',
  'SSH_',
  'BASH_',
  'ZDOTDIR',
  'JAVA_',
  'JDK_',
  '_JAVA_',
  'CLASSPATH',
  'MAVEN_',
  'GRADLE_',
  'DOTNET_',
  'CORECLR_',
  'LUA_',
  'PHP_INI',
  'PHPRC',
  'OPENSSL_',
  'GLIBC_',
  'MALLOC_',
  'GCONV_PATH',
  'LOCPATH',
  'NLSPATH',
  'TERMINFO',
  'RES_OPTIONS',
  'HOSTALIASES',
  'R_PROFILE',
  'R_ENVIRON',
  'ERL_',
  'JULIA_',
  'GOFLAGS',
  'GOTOOLCHAIN',
  'CARGO_',
  'RUSTC',
  'RUSTUP_',
] as const;
const DENIED_NAMES: ReadonlySet<string> = new Set([
  'ENV',
  'IFS',
  'SHELL',
  'SHELLOPTS',
  'CDPATH',
  'PS4',
  'PROMPT_COMMAND',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'BROWSER',
  'LESSOPEN',
  'LESSCLOSE',
  'PWD',
]);
const MAX_VALUE_CHARS = 4_096;

/** Why a policy's variables cannot be set. */
export function environmentRefusal(env: Readonly<Record<string, string>>): string | undefined {
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/u.test(name)) return `${quoteText(name)} is no name of a variable`;
    const upper = name.toUpperCase();
    if (Object.hasOwn(FIXED, upper)) return `${name} is set by MEX`;
    if (DENIED_NAMES.has(upper) || DENIED_PREFIXES.some((prefix) => upper.startsWith(prefix)))
      return `${name} can make a program run something else`;
    if (value.includes('\0') || value.length > MAX_VALUE_CHARS) return `the value of ${name} is unusable`;
  }
  return undefined;
}

/** The whole environment of a tool. Nothing of the host's own is in it. */
export function toolEnvironment(policyEnv: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { ...policyEnv, ...FIXED };
}

/** `env_ref` of FR-EVT-001: tells environments apart without telling them. */
export function environmentRef(env: Readonly<Record<string, string>>): string {
  return `sha256:${digestJson(env)}`;
}
