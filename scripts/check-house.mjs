// Rules of the house that no linter knows. Each prints what is wrong, where, and what to do.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  .split('\n')
  .filter(Boolean);
const read = (file) => readFileSync(join(root, file), 'utf8');
const sources = tracked.filter(
  (file) => /^(packages|engines)\/[^/]+\/src\/.*\.ts$/.test(file) && existsSync(join(root, file)),
);
const problems = [];

/** A front door is short and names what it lets out; a room of 400 lines should have been two. */
for (const file of sources) {
  const text = read(file);
  const lines = text.trimEnd().split('\n').length;
  if (lines > 400) problems.push(`${file}: ${lines} lines; split it`);
  if (file.endsWith('/src/index.ts') && lines >= 60)
    problems.push(`${file}: a front door of ${lines} lines; let out less`);
  if (/^export \*/m.test(text)) problems.push(`${file}: "export *"; name what is exported`);
  if (/\/(utils|helpers|common|shared|types)\.ts$/.test(file))
    problems.push(`${file}: name the file after what it holds`);
}

/** Every file is reached from an entry of its package. */
for (const name of new Set(sources.map((file) => file.split('/').slice(0, 2).join('/')))) {
  const own = sources.filter((file) => file.startsWith(`${name}/src/`));
  const entries = packageEntries(name);
  const reached = new Set(entries);
  for (const file of reached) {
    for (const [, specifier] of read(file).matchAll(/(?:from|import\(?)\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
      const target = normalize(join(dirname(file), specifier));
      if (own.includes(target)) reached.add(target);
    }
  }
  for (const file of own)
    if (!reached.has(file)) problems.push(`${file}: nothing imports it; delete it or name it as an entry`);
}

function packageEntries(name) {
  const manifest = JSON.parse(read(`${name}/package.json`));
  const listed = JSON.stringify(manifest.exports ?? {}).match(/\.\/src\/[^"]+\.ts/g) ?? [];
  const entries = [
    ...listed.map((file) => normalize(join(name, file))),
    // Started by name, not imported: an engine, a command, a worker's first file.
    ...['src/engine.ts', 'src/main.ts', 'src/cli.ts', ...(manifest.mex?.entries ?? [])].map((file) => join(name, file)),
  ];
  return entries.filter((file) => existsSync(join(root, file)));
}

/** Every error code has a page that says what it means and what to do. */
const pages = new Set(
  tracked
    .filter((file) => file.startsWith('docs/errors/'))
    .map((file) => file.slice('docs/errors/'.length, -'.md'.length)),
);
const codes = new Set();
for (const file of sources) {
  for (const [, body] of read(file).matchAll(
    /export type \w*(?:ErrorCode|GateCode|DoorCode|JsonCode|WarningCode) =([\s\S]*?);/g,
  )) {
    for (const [, code] of body.matchAll(/'([A-Z][A-Z0-9_-]+)'/g)) codes.add(code);
  }
}
for (const code of codes)
  if (!pages.has(code)) problems.push(`docs/errors/${code}.md is missing: say what ${code} means and what to do`);
const everything = sources.map(read).join('\n');
for (const page of pages) {
  const isUsed = codes.has(page) || page.startsWith('BUDGET_EXCEEDED_') || everything.includes(`'${page}'`);
  if (page !== 'README' && !isUsed) problems.push(`docs/errors/${page}.md: no code of that name exists`);
}

/** Contract clauses that a test cites; those of later issues are named in the file with the reason. */
const clauses = JSON.parse(read('docs/contract-clauses.json'));
const tests = tracked
  .filter((file) => file.endsWith('.test.ts'))
  .map(read)
  .join('\n');
for (const [clause, { text, tested, reason }] of Object.entries(clauses)) {
  const cited = tests.includes(`[${clause}]`);
  if (tested && !cited) problems.push(`${clause} (${text}): no test cites it`);
  if (!tested && cited) problems.push(`${clause}: a test cites it now; set "tested" in docs/contract-clauses.json`);
  if (!tested && !reason) problems.push(`${clause}: say why no test cites it`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`house rules: ${sources.length} files, ${codes.size} error codes, ${Object.keys(clauses).length} clauses`);
