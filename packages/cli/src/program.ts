import { fstatSync } from 'node:fs';
import { guessFormat, parseCommandLine, type Request } from './arguments.ts';
import { optionFlag } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { reportFailure } from './failure.ts';
import { noteFoundHome } from './found-home.ts';
import { Terminal } from './output/terminal.ts';
import { VERSION } from './version.ts';

/** Runs one command line and answers with the exit code. Never throws. */
export async function runProgram(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  let terminal = openTerminal(guessFormat(argv), env, argv.includes('--no-color'));
  try {
    const request = parseCommandLine(argv, env);
    const plain = request.kind === 'run' && optionFlag(request.invocation, 'no-color');
    terminal = openTerminal(request.kind === 'run' ? request.invocation.format : request.format, env, plain);
    return await answer(request, terminal, env);
  } catch (thrown) {
    return reportFailure(terminal, thrown, env);
  } finally {
    terminal.flush();
  }
}

async function answer(request: Request, terminal: Terminal, env: NodeJS.ProcessEnv): Promise<ExitCode> {
  if (request.kind === 'version') {
    terminal.line('mex ', VERSION);
    terminal.document({ name: 'mex', version: VERSION, node: process.versions.node });
    return EXIT.done;
  }
  if (request.kind === 'help') {
    const { showHelp } = await import('./help.ts');
    return showHelp(terminal, request.topic);
  }
  const remember = noteFoundHome(request.invocation, env, terminal);
  try {
    const run = await request.invocation.command.load();
    return await run(request.invocation, terminal);
  } finally {
    remember();
  }
}

/** NO_COLOR counts when it is set and not empty (no-color.org). A dumb terminal shows no colours either. */
function openTerminal(format: 'text' | 'json', env: NodeJS.ProcessEnv, plain: boolean): Terminal {
  return new Terminal({
    format,
    stdoutIsTerminal: isTerminal(1),
    stderrIsTerminal: isTerminal(2),
    plain: plain || Boolean(env['NO_COLOR']) || env['TERM'] === 'dumb',
  });
}

/** `node:tty` costs several milliseconds to load, so it is asked only about what may be a terminal. */
function isTerminal(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(descriptor);
  } catch {
    // A descriptor that is closed is no terminal.
    return false;
  }
}
