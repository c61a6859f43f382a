import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStrictJson } from '@mex/envelope/json';
import type { Findings } from './guarantee.ts';

interface Step {
  readonly file: string;
  readonly line: number;
  readonly command: string;
}

/** Commands that bring the tools, and decide nothing. */
const SETUP =
  /^(?:npm ci|npm install|npx -y pnpm@\S+ install\b.*|pnpm install\b.*|corepack enable|sudo apt-get .*|echo .*)$/;
const SCRIPT = /^(?:npm|pnpm|yarn)(?: run)? ([\w:.-]+)(?: .*)?$/;

/** H: what CI runs, a person can run: every step is a script of package.json, or a command of `mex`. */
export function ciCommands(directory: string): Findings {
  const workflows = join(directory, '.github', 'workflows');
  const files = existsSync(workflows) ? readdirSync(workflows).filter((name) => /\.ya?ml$/.test(name)) : [];
  if (existsSync(join(directory, '.gitlab-ci.yml'))) {
    return { notChecked: 'This version reads workflows of GitHub only, and there is a .gitlab-ci.yml.' };
  }
  if (files.length === 0) {
    return {
      notApplicable: `${directory} has no CI configuration. The guarantee is about projects that have one; MEX itself is checked in its own repository.`,
    };
  }
  const scripts = scriptsOf(directory);
  const steps = files.flatMap((file) => readSteps(workflows, file));
  const strange = steps.filter(({ command }) => !isShared(command, scripts));
  const [first] = strange;
  return {
    evidence: [
      {
        checked: 'every CI step is a script of package.json, or a command of mex',
        how: `read ${files.length} workflows, ${steps.length} steps`,
        result:
          first === undefined
            ? 'all of them'
            : `${strange.length} are not, first: ${first.file}:${first.line} ${first.command.slice(0, 80)}`,
        held: first === undefined && steps.length > 0,
      },
    ],
  };
}

/** Whatever joins a second command to the first. */
const JOINED = /[;&|<>`]|\$\(/;

function isShared(command: string, scripts: ReadonlySet<string>): boolean {
  if (JOINED.test(command)) return false;
  if (SETUP.test(command) || /^(?:npx )?(?:\.\/)?mex(?: |$)/.test(command)) return true;
  const script = SCRIPT.exec(command)?.[1];
  return script !== undefined && scripts.has(script);
}

function scriptsOf(directory: string): Set<string> {
  const file = join(directory, 'package.json');
  if (!existsSync(file)) return new Set();
  const manifest: unknown = parseStrictJson(readFileSync(file, 'utf8'));
  const scripts: unknown = typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'scripts') : {};
  return new Set(Object.keys(Object(scripts)));
}

/** The `run:` lines of a workflow; blocks line by line. */
function readSteps(directory: string, file: string): Step[] {
  const steps: Step[] = [];
  let block: number | undefined;
  for (const [at, text] of readFileSync(join(directory, file), 'utf8').split('\n').entries()) {
    const indent = text.length - text.trimStart().length;
    if (block !== undefined && text.trim() !== '' && indent <= block) block = undefined;
    const run = /^\s*(?:-\s+)?run:\s*(.*)$/.exec(text)?.[1];
    if (run !== undefined && /^[|>][+-]?\d*\s*$/.test(run)) block = indent;
    else if (run !== undefined) steps.push({ file, line: at + 1, command: run.replace(/^(["'])(.*)\1$/, '$2').trim() });
    else if (block !== undefined && text.trim() !== '' && !text.trim().startsWith('#')) {
      steps.push({ file, line: at + 1, command: text.trim() });
    }
  }
  return steps;
}
