import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { type Finding, note, warning } from './finding.ts';

/** What this process runs on and in. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly kernel: string;
  readonly node: string;
  readonly root: boolean;
  /** What says that this is a container; `undefined` where nothing does. */
  readonly container: string | undefined;
  /** Settings of the kernel that forbid user namespaces. */
  readonly namespaces: readonly { readonly setting: string; readonly remedy: string }[];
}

/** Kernel settings under which an ordinary user gets no user namespace. */
const SETTINGS: readonly (readonly [setting: string, forbids: string, remedy: string])[] = [
  ['user.max_user_namespaces', '0', 'sysctl -w user.max_user_namespaces=15000'],
  ['kernel.unprivileged_userns_clone', '0', 'sysctl -w kernel.unprivileged_userns_clone=1'],
  [
    'kernel.apparmor_restrict_unprivileged_userns',
    '1',
    'give bwrap an AppArmor profile with "userns", or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  ],
];

export function describeMachine(): Machine {
  const forbidding = SETTINGS.filter(([setting, forbids]) => readSetting(setting) === forbids);
  return {
    platform: process.platform,
    arch: process.arch,
    kernel: release(),
    node: process.versions.node,
    root: process.getuid?.() === 0,
    container: findContainer(),
    namespaces: forbidding.map(([setting, , remedy]) => ({ setting, remedy })),
  };
}

export function machineFindings(machine: Machine): Finding[] {
  const { platform, arch, kernel, node, root, container, namespaces } = machine;
  return [
    note('system', `${platform} ${kernel}, ${arch}; Node ${node}`),
    ...(container === undefined ? [] : [note('container', `this is one, or looks like one: ${container}`)]),
    ...(root
      ? [
          warning(
            'user',
            'MEX runs as root: sandboxes drop every right, but MEX itself has all of them.',
            'Run it as a user of its own.',
          ),
        ]
      : [note('user', `uid ${process.getuid?.() ?? 'unknown'}, not root`)]),
    ...namespaces.map(({ setting, remedy }) =>
      warning('namespaces', `${setting} keeps users from making user namespaces.`, remedy),
    ),
  ];
}

/** What lets a jail come to be on this machine, as far as its settings tell; and what to do where nothing does. */
export function jailRemedy(machine: Machine = describeMachine()): string {
  return `${settingRemedy(machine)} For an engine you trust, name the thread tier in engine_tiers of policy.json.`;
}

function settingRemedy(machine: Machine): string {
  if (machine.namespaces.length > 0) return `As root: ${machine.namespaces.map(({ remedy }) => remedy).join('; ')}.`;
  if (machine.container !== undefined) {
    return (
      'This is a container: start it so that it may make user namespaces (its seccomp and AppArmor profile must allow ' +
      'unshare and mount), or run MEX on the machine itself.'
    );
  }
  return 'Allow this user to make user namespaces, or run MEX where it may.';
}

function readSetting(name: string): string | undefined {
  return readText(`/proc/sys/${name.replace('.', '/')}`)?.trim();
}

const MARKS = ['/.dockerenv', '/run/.containerenv', '/run/systemd/container'];

function findContainer(): string | undefined {
  const mark = MARKS.find((path) => existsSync(path));
  if (mark !== undefined) return mark;
  if (process.env['KUBERNETES_SERVICE_HOST'] !== undefined) return 'KUBERNETES_SERVICE_HOST';
  const cgroup = readText('/proc/1/cgroup') ?? '';
  return /docker|containerd|kubepods|lxc|libpod/u.test(cgroup) ? '/proc/1/cgroup' : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Other systems, and sandboxes, do not have it.
    return undefined;
  }
}
