import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExecAnswer } from '../../../src/broker/proc-exec/tool-runner.ts';
import {
  ANYTHING,
  type Bench,
  type BenchOptions,
  inJail,
  makeBin,
  NO_JAIL,
  openBench,
  textOf,
  writeProgram,
} from './fixture.ts';

/* What a tool that an attacker has taken over tries. Each attempt is judged from outside: by what the host sees. */

const CANARY = 'canary-5d1f0c';
let bench: Bench | undefined;
let opened: Bench[] = [];
let scratch: string[] = [];
const open = (options?: BenchOptions): Bench => {
  bench = openBench(options);
  opened.push(bench);
  return bench;
};
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  opened = [];
  for (const path of scratch) rmSync(path, { recursive: true, force: true });
  scratch = [];
});

const sh = (script: string): Promise<ExecAnswer> => open().runner.exec({ tool: 'sh', args: ['-c', script] });
const perl = (script: string): Promise<ExecAnswer> => open().runner.exec({ tool: 'perl', args: ['-e', script] });
const said = ({ stdout, stderr }: ExecAnswer): string => textOf(stdout) + textOf(stderr);

/** A directory of the host with a canary in it. */
function hostDirectory(parent: string): string {
  const dir = mkdtempSync(join(parent, '.mex-canary-'));
  writeFileSync(join(dir, 'canary'), CANARY);
  scratch.push(dir);
  return dir;
}

/** Command lines of processes of the host that hold a text. */
function hostProcesses(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return line.includes(text) && !line.includes('vitest') ? [line] : [];
      } catch {
        return [];
      }
    });
}

/** What this process was started with and passes on to whatever it starts: nothing that MEX opened. */
function inheritable(): string[] {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      const flags = /flags:\s+0?(\d+)/u.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
      return Number(fd) > 4 && (Number.parseInt(flags, 8) & 0o2000000) === 0;
    } catch {
      return false;
    }
  });
}

const attack = describe.skipIf(NO_JAIL !== undefined);

attack(inJail('[§14 J] files of the host'), () => {
  it.each([
    ['the home of the user', homedir()],
    ['the temporary directory', tmpdir()],
    ['the checkout', process.cwd()],
  ])('%s is not there to be read or written', async (_what, parent) => {
    const dir = hostDirectory(parent);
    const script = `cat ${dir}/canary; mkdir -p ${dir}; echo evil > ${dir}/canary; echo evil > ${dir}/new; ls ${dir}`;
    expect(said(await sh(script))).not.toContain(CANARY);
    expect(readFileSync(join(dir, 'canary'), 'utf8')).toBe(CANARY);
    expect(readdirSync(dir)).toEqual(['canary']);
  });

  it('/etc, /root, /home, /var, /sys are not there', async () => {
    const answer = await sh('cat /etc/passwd /etc/shadow /etc/hostname; ls /root /home /var /sys /boot /run /mnt');
    expect(textOf(answer.stdout)).toBe('');
  });

  it('the workspaces of others, and what MEX keeps, are not there', async () => {
    const { runner, dir } = open();
    writeFileSync(join(dir, 'op', 'canary'), CANARY);
    const script = `cat ${dir}/op/canary /work/../canary /proc/1/root${dir}/op/canary /proc/self/cwd/../canary`;
    expect(said(await runner.exec({ tool: 'sh', args: ['-c', script] }))).not.toContain(CANARY);
  });

  it('programs, libraries and the tool itself stay as they are', async () => {
    const before = statSync('/usr/bin/perl').mtimeMs;
    const script =
      'for f in /usr/bin/perl /usr/lib/x /bin/x /lib/x /x /etc/x /inputs/x /tools/x; do echo evil > $f; done';
    const answer = await sh(`${script}; chmod 777 /usr/bin; mv /usr/bin/perl /usr/bin/lrep`);
    expect(textOf(answer.stderr).split('\n').length).toBeGreaterThan(9);
    expect(statSync('/usr/bin/perl').mtimeMs).toBe(before);
  });

  it('device nodes cannot be made, and those of the host are not there', async () => {
    const answer = await sh('mknod /work/m c 1 1; mknod /work/b b 8 0; cat /dev/mem /dev/kmsg /dev/sda; ls /dev');
    expect(textOf(answer.stdout)).not.toMatch(/^(?:sd|vd|nvme|kvm|mem|kmsg)/mu);
    expect(readdirSync(bench?.work ?? '')).toEqual([]);
  });

  it('mounts, namespaces and roots cannot be made', async () => {
    const script = `
      for my $call (165, 166, 155, 161, 272, 308, 428, 429, 430, 442) { print syscall($call, 0, 0, 0, 0, 0), " " }
      print syscall(56, 0x10000000 | 17, 0, 0, 0, 0), " ", syscall(435, 0, 0);`;
    expect(
      textOf((await perl(script)).stdout)
        .trim()
        .split(' '),
    ).toEqual(Array.from({ length: 12 }, () => '-1'));
    expect((await sh('unshare -Ur id')).exitCode).not.toBe(0);
  });

  it('descriptors of the host are not passed on', async () => {
    const answer = await perl(
      'opendir my $d, "/proc/self/fd"; print join ",", sort grep { /\\d/ && readlink "/proc/self/fd/$_" } readdir $d',
    );
    const seen = textOf(answer.stdout)
      .split(',')
      .filter((fd) => !inheritable().includes(fd));
    // The three streams, and the directory that is being read.
    expect(seen.slice(0, 3)).toEqual(['0', '1', '2']);
    expect(seen.length).toBeLessThan(5);
  });
});

attack(inJail('[§14 J] processes and the kernel'), () => {
  it('processes of the host are neither seen nor reached', async () => {
    const script = `kill -9 ${process.pid}; kill -9 ${process.ppid}; ls /proc | grep -c '^[0-9]'; cat /proc/${process.pid}/environ`;
    const answer = await sh(script);
    expect(Number(textOf(answer.stdout).trim())).toBeLessThan(8);
  });

  it('everybody is killed, and nobody outside notices', async () => {
    expect((await perl('kill 9, -1; print "alive"')).exitCode).toBeLessThan(255);
    expect(process.exitCode).toBeUndefined();
  });

  it('no process can be traced, read or written', async () => {
    // ptrace(ATTACH, parent), ptrace(ATTACH, 1), process_vm_readv, process_vm_writev, pidfd_getfd, kcmp.
    const script =
      'print join " ", syscall(101, 16, getppid, 0, 0), syscall(101, 16, 1, 0, 0), map { syscall($_, 1, 0, 0, 0, 0, 0) } 310, 311, 438, 312';
    expect(textOf((await perl(script)).stdout)).toBe('-1 -1 -1 -1 -1 -1');
  });

  it('keys, BPF, io_uring, modules, performance counters and userfaultfd are closed', async () => {
    const script =
      'print join " ", map { syscall($_, 0, 0, 0, 0, 0) } 248, 249, 250, 321, 425, 175, 313, 246, 298, 323, 304';
    expect(new Set(textOf((await perl(script)).stdout).split(' '))).toEqual(new Set(['-1']));
  });

  it('memory that belongs to no process is not to be had', async () => {
    // memfd_create, shmget, msgget, semget: as on a kernel that does not have them.
    const script =
      'my $n = "x"; print join " ", map { syscall($_, $_ == 319 ? $n : 0, 0, 0) < 0 ? $! + 0 : "had" } 319, 29, 68, 64';
    expect(textOf((await perl(script)).stdout)).toBe('38 38 38 38');
  });

  it('nothing of the gate reaches the program: no descriptor, no signal that is ignored, no variable', async () => {
    const answer = await sh('ls -l /proc/self/fd; cat /proc/self/status; env');
    const text = textOf(answer.stdout);
    expect(text.match(/^l.*? (\d+) -> socket:/gmu)?.map((line) => line.split(' ').at(-3))).toEqual(['0', '1', '2']);
    expect(text.match(/^Sig(?:Ign|Cgt|Blk):.*$/gmu)).toHaveLength(3);
    expect(text).not.toMatch(/^Sig(?:Ign|Cgt|Blk):.*[1-9a-f]/mu);
    expect(text).not.toMatch(/^(?:OLDPWD|SHLVL|word)=/mu);
  });

  it('the environment of the first process holds nothing of the host', async () => {
    process.env['MEX_TEST_SECRET'] = CANARY;
    const answer = await sh('cat /proc/*/environ');
    delete process.env['MEX_TEST_SECRET'];
    expect(said(answer)).not.toContain(CANARY);
    expect(said(answer)).not.toContain('VITEST');
  });

  it('a shell is never asked: what looks like one stays an argument', async () => {
    const { runner, work } = open({ tools: { printf: { args_prefix: ['%s\\n'] } } });
    const args = ['; touch evil', '$(touch evil)', '`touch evil`', '| sh', '> evil', '*', '~', 'a\nb', "'", '"'];
    const answer = await runner.exec({ tool: 'printf', args });
    expect(textOf(answer.stdout)).toBe(`${args.join('\n')}\n`);
    expect(readdirSync(work)).toEqual([]);
  });

  it('LD_PRELOAD of the host is not passed on', async () => {
    process.env['LD_PRELOAD'] = '/tmp/evil.so';
    try {
      expect(said(await sh('echo "<$LD_PRELOAD>"'))).toBe('<>\n');
    } finally {
      delete process.env['LD_PRELOAD'];
    }
  });
});

attack(inJail('[§14 J] network'), () => {
  async function listen(
    where: { port: number; host: string } | { path: string },
  ): Promise<{ server: Server; met: () => number }> {
    let met = 0;
    const server = createServer((socket) => {
      met += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(where, resolve));
    return { server, met: () => met };
  }

  it('a listener on the loopback of the host is not reached', async () => {
    const { server, met } = await listen({ port: 0, host: '127.0.0.1' });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const answer = await perl(
      `use Socket; socket my $s, PF_INET, SOCK_STREAM, 0; print connect($s, pack_sockaddr_in(${port}, inet_aton("127.0.0.1"))) ? "in" : "out"`,
    );
    await sleep(20);
    server.close();
    expect([textOf(answer.stdout), met()]).toEqual(['out', 0]);
  });

  it('neither is a socket without a file, nor one in a directory', async () => {
    const name = `mex-attack-${process.pid}`;
    const path = join(hostDirectory(tmpdir()), 'socket');
    const [abstract, named] = await Promise.all([listen({ path: `\0${name}` }), listen({ path })]);
    const script = `use Socket; for my $p ("\\0${name}", "${path}") { socket my $s, PF_UNIX, SOCK_STREAM, 0; print connect($s, pack_sockaddr_un($p)) ? "in " : "out " }`;
    const answer = await perl(script);
    await sleep(20);
    for (const { server } of [abstract, named]) server.close();
    expect([textOf(answer.stdout), abstract.met(), named.met()]).toEqual(['out out ', 0, 0]);
  });

  it('[§9] sockets of families that no network namespace holds are not to be had', async () => {
    // AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; then AF_ALG, AF_VSOCK, AF_QIPCRTR, AF_SMC, AF_XDP, AF_PACKET, AF_BLUETOOTH.
    const script =
      'for my $d (1, 2, 10, 16, 38, 40, 42, 43, 44, 17, 31) { print syscall(41, $d, $d == 38 ? 5 : $d == 16 ? 3 : 1, 0) < 0 ? $! + 0 : "open", " " }';
    expect(textOf((await perl(script)).stdout)).toBe(`${'open '.repeat(4)}${'97 '.repeat(7)}`);
  });

  it('there is no interface but a loopback of its own, and no raw socket', async () => {
    const answer = await perl(
      'use Socket; open my $f, "<", "/proc/net/dev"; print scalar(grep { /:/ && !/lo:/ } <$f>), socket(my $s, PF_INET, SOCK_RAW, 1) ? " raw" : " none"',
    );
    expect(textOf(answer.stdout)).toBe('0 none');
  });
});

attack(inJail('what outlives a call'), () => {
  it('a child in the background, in a session of its own, is gone with the call', async () => {
    const answer = await sh(
      'setsid sleep 98761 & setsid sh -c "trap \'\' TERM HUP; sleep 98762" >/dev/null 2>&1 & echo started',
    );
    expect(textOf(answer.stdout)).toBe('started\n');
    expect(hostProcesses('9876')).toEqual([]);
  });

  it('a daemon, twice forked, with nothing open, writes nothing after the call', async () => {
    const { runner, work } = open();
    const script =
      'exit if fork; exit if fork; close $_ for *STDIN, *STDOUT, *STDERR; for (1..60) { select undef, undef, undef, 0.005; open my $f, ">", "late$_" }';
    await runner.exec({ tool: 'perl', args: ['-e', script] });
    const before = readdirSync(work).length;
    await sleep(50);
    expect(readdirSync(work)).toHaveLength(before);
  });

  it('a program that is told to end and does not listen, or is stopped, is ended all the same', async () => {
    const { runner } = open();
    const script =
      '$SIG{$_} = "IGNORE" for qw(TERM HUP INT QUIT); unless (fork) { sleep 98763; exit } kill STOP => $$; sleep 98763';
    const call = runner.exec({ tool: 'perl', args: ['-e', script, '98763'], timeout_ms: 150 });
    await expect(call).rejects.toMatchObject({ code: 'TOOL_TIMED_OUT' });
    expect(hostProcesses('98763')).toEqual([]);
  });

  it('a jail that is ended while it is being built leaves nothing', async () => {
    const { runner, dir } = open();
    for (let wait = 1; wait <= 8; wait += 1)
      await runner.exec({ tool: 'sh', args: ['-c', 'sleep 98764'], timeout_ms: wait }).catch(() => undefined);
    expect(hostProcesses('98764')).toEqual([]);
    // bubblewrap itself has the workspace among its arguments.
    expect(hostProcesses(dir)).toEqual([]);
  });
});

attack(inJail('the file that was checked'), () => {
  it.each([
    ['exchanged', (path: string) => renameSync(writeProgram(`${path}.new`, '#!/bin/sh\necho evil\n'), path)],
    ['overwritten', (path: string) => writeFileSync(path, '#!/bin/sh\necho evil\n')],
    ['removed', (path: string) => rmSync(path)],
  ])('runs, although it is %s between check and start', async (_what, change) => {
    const bin = makeBin();
    const path = writeProgram(join(bin, 'tool'), '#!/bin/sh\necho good\n');
    const { runner } = open({ bin, tools: { tool: { path } }, onLaunch: () => change(path) });
    expect(textOf((await runner.exec({ tool: 'tool', args: [] })).stdout)).toBe('good\n');
  });

  it('a program in the workspace is not taken for the tool of the same name', async () => {
    const { runner, work } = open({ tools: { ...ANYTHING, sort: {} } });
    writeProgram(join(work, 'sort'), '#!/bin/sh\necho evil\n');
    mkdirSync(join(work, 'usr', 'bin'), { recursive: true });
    const answer = await runner.exec({ tool: 'sort', args: [], stdin: Buffer.from('b\na\n') });
    expect(textOf(answer.stdout)).toBe('a\nb\n');
  });
});
