import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseStrictJson } from '@mex/envelope/json';
import type { Evidence, Findings } from './guarantee.ts';

interface Step {
  readonly file: string;
  readonly line: number;
  readonly command: string;
}

/** Commands that bring the tools, and decide nothing. */
const SETUP =
  /^(?:npm ci|npm install|npx -y pnpm@\S+ install\b.*|pnpm install\b.*|corepack enable|sudo apt-get .*|echo .*)$/;
const SCRIPT = /^(?:npm|pnpm|yarn)(?: run)? ([\w:.-]+)(?: .*)?$/;

/** Where other services look for what they run. A list that knows too few would call their projects unconfigured. */
const OTHERS = [
  '.gitlab-ci.yml',
  '.circleci/config.yml',
  '.travis.yml',
  'azure-pipelines.yml',
  'bitbucket-pipelines.yml',
  '.drone.yml',
  '.woodpecker.yml',
  '.woodpecker',
  '.buildkite',
  '.forgejo/workflows',
  '.gitea/workflows',
  'Jenkinsfile',
];
/** A program of the project that is the whole check: whoever starts it runs what CI runs. */
const OWN_PROGRAM = '.ci/run';

/** H: what CI runs, a person can run: every step is a script of package.json, or a command of `mex`. */
export function ciCommands(directory: string): Findings {
  const unread = OTHERS.find((file) => existsSync(join(directory, file)));
  if (unread !== undefined) {
    return { notChecked: `This version reads workflows of GitHub and ${OWN_PROGRAM} only, and there is ${unread}.` };
  }
  const workflows = join(directory, '.github', 'workflows');
  const files = existsSync(workflows) ? readdirSync(workflows).filter((name) => /\.ya?ml$/.test(name)) : [];
  const evidence = [
    ...ownProgram(directory),
    ...(files.length === 0 ? [] : [readWorkflows(directory, workflows, files)]),
  ];
  if (evidence.length > 0) return { evidence };
  return { notApplicable: `${directory} has no CI configuration; the guarantee is about projects that have one.` };
}

function ownProgram(directory: string): Evidence[] {
  const stat = statSync(join(directory, OWN_PROGRAM), { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const held = stat.isFile() && (stat.mode & 0o111) !== 0;
  return [
    {
      checked: 'the whole check is one program of the project',
      how: `looked at ${OWN_PROGRAM}; that CI starts it, only CI can show`,
      result: held ? 'anybody can start it' : 'it is not executable',
      held,
    },
  ];
}

function readWorkflows(directory: string, workflows: string, files: readonly string[]): Evidence {
  const scripts = scriptsOf(directory);
  const steps = files.flatMap((file) => readSteps(workflows, file));
  const strange = steps.filter(({ command }) => !isShared(command, scripts));
  const [first] = strange;
  const odd = first && `${strange.length} are not, first: ${first.file}:${first.line} ${first.command.slice(0, 80)}`;
  return {
    checked: 'every CI step is a script of package.json, or a command of mex',
    how: `read ${files.length} workflows, ${steps.length} steps`,
    result: odd ?? 'all of them',
    held: first === undefined && steps.length > 0,
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
