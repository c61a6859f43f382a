import {
  ENGINE_CALLS,
  FALLOCATE,
  JUDGED_CALLS,
  MEMORY_WITHOUT_OWNER,
  REFUSED_TO_PROGRAMS,
  type Syscall,
} from './syscalls.ts';

/**
 * `engine`: an allow list for a Node that computes and speaks over open pipes.
 * `program`: everything but what reaches other processes or the kernel's own state; for external programs.
 */
export type SeccompProfile = 'engine' | 'program';

/** Machines the filter can be written for. */
export type SeccompArch = 'x64' | 'arm64';

// Offsets in `struct seccomp_data` and codes of classic BPF (linux/seccomp.h, linux/bpf_common.h, linux/filter.h).
const NR = 0;
const ARCH = 4;
const ARG0 = 16;
const ARG1 = 24;
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_SET = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const EPERM = 0x0005_0000 | 1;
const ENOSYS = 0x0005_0000 | 38;
const EOPNOTSUPP = 0x0005_0000 | 95;
const EAFNOSUPPORT = 0x0005_0000 | 97;

const AUDIT_ARCH = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
/** Numbers from here on are the x32 ABI on x86-64: other names for the same calls. */
const X32 = 0x4000_0000;
const CLONE_THREAD = 0x0001_0000;
/** CLONE_NEWTIME and CLONE_NEWNS to CLONE_NEWNET. */
const CLONE_NEW_NAMESPACES = 0x7e02_0080;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Not every other family is bounded by a network namespace: AF_VSOCK is not. */
const SOCKET_FAMILIES = [1, 2, 10, 16];
/** Both put characters into a terminal's input as if a person had typed them. */
const TERMINAL_INPUT = [0x5412, 0x541c];

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number];

const load = (offset: number): Instruction => [LOAD, 0, 0, offset];
const answer = (verdict: number): Instruction => [RETURN, 0, 0, verdict];
/** Skips `over` instructions unless the loaded value equals `k`. */
const unlessEqual = (k: number, over: number): Instruction => [JUMP_EQUAL, 0, over, k];

/**
 * The filter as bubblewrap wants it: `struct sock_filter[]` for `seccomp(2)`, little endian.
 * What is refused gets EPERM; `clone3`, io_uring and memory that no limit counts get ENOSYS, so that the C library falls
 * back to calls whose arguments a filter can see.
 */
export function seccompProgram(profile: SeccompProfile, arch: SeccompArch): Buffer {
  const program: Instruction[] = [
    load(ARCH),
    [JUMP_EQUAL, 1, 0, AUDIT_ARCH[arch]],
    answer(KILL),
    load(NR),
    ...(arch === 'x64' ? ([[JUMP_GREATER_EQUAL, 0, 1, X32], answer(KILL)] as const) : []),
    ...(profile === 'engine' ? engineRules(arch) : programRules(arch)),
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, jumpTrue, jumpFalse, k], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  });
  return bytes;
}

function engineRules(arch: SeccompArch): Instruction[] {
  const rules = Object.values(ENGINE_CALLS).flatMap((call) => verdictFor(call, arch, ALLOW));
  return [
    ...rules,
    ...verdictFor(JUDGED_CALLS.clone3, arch, ENOSYS),
    // Threads of this process, and nothing that could become another one.
    ...judge(JUDGED_CALLS.clone, arch, [
      load(ARG0),
      [JUMP_SET, 2, 0, CLONE_NEW_NAMESPACES],
      [JUMP_SET, 0, 1, CLONE_THREAD],
      answer(ALLOW),
      answer(EPERM),
    ]),
    ...terminalRule(arch),
    answer(EPERM),
  ];
}

function programRules(arch: SeccompArch): Instruction[] {
  const rules = Object.entries(REFUSED_TO_PROGRAMS).flatMap(([name, call]) =>
    verdictFor(call, arch, name.startsWith('io_uring') ? ENOSYS : EPERM),
  );
  return [
    ...rules,
    ...Object.values(MEMORY_WITHOUT_OWNER).flatMap((call) => verdictFor(call, arch, ENOSYS)),
    ...verdictFor(FALLOCATE, arch, EOPNOTSUPP),
    ...judge(JUDGED_CALLS.socket, arch, [
      load(ARG0),
      ...SOCKET_FAMILIES.flatMap((family) => [unlessEqual(family, 1), answer(ALLOW)]),
      answer(EAFNOSUPPORT),
    ]),
    ...verdictFor(JUDGED_CALLS.clone3, arch, ENOSYS),
    ...judge(JUDGED_CALLS.clone, arch, [
      load(ARG0),
      [JUMP_SET, 0, 1, CLONE_NEW_NAMESPACES],
      answer(EPERM),
      answer(ALLOW),
    ]),
    ...terminalRule(arch),
    answer(ALLOW),
  ];
}

function terminalRule(arch: SeccompArch): Instruction[] {
  const refusals = TERMINAL_INPUT.flatMap((request) => [unlessEqual(request, 1), answer(EPERM)]);
  return judge(JUDGED_CALLS.ioctl, arch, [load(ARG1), ...refusals, answer(ALLOW)]);
}

function verdictFor(call: Syscall, arch: SeccompArch, verdict: number): Instruction[] {
  const number = numberOn(call, arch);
  return number === null ? [] : [unlessEqual(number, 1), answer(verdict)];
}

/** Rules for one call that looks at its arguments: each path through them ends in an answer. */
function judge(call: Syscall, arch: SeccompArch, rules: readonly Instruction[]): Instruction[] {
  const number = numberOn(call, arch);
  return number === null ? [] : [unlessEqual(number, rules.length), ...rules];
}

function numberOn([x64, arm64]: Syscall, arch: SeccompArch): number | null {
  return arch === 'x64' ? x64 : arm64;
}
