// A stand-in for gitleaks: finds tokens of one form and writes the documented JSON. Exit codes as documented. A project
// called "misbehaves-<how>" makes it do what a broken, outdated or hostile build might.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const args = process.argv.slice(2);
if (args[0] === 'version') {
  console.log('8.30.0 (stand-in)');
  process.exit(0);
}
const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const [command, source] = args;
const output = option('report-path');
if (command !== 'dir' || output === undefined || option('report-format') !== 'json') process.exit(126);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((path) => join(source, path))
  .filter((path) => statSync(path).isFile());
const manifest = files.find((path) => path.endsWith('/package.json'));
const [, how] =
  /"name":"misbehaves-([a-z-]+)"/.exec(manifest === undefined ? '' : readFileSync(manifest, 'utf8')) ?? [];
const redact = option('redact') === '100' && how !== 'loud';
const findings = files.flatMap((path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      const found = /ghp_[A-Za-z0-9]{36}/.exec(line);
      if (found === null) return [];
      const secret = redact ? 'REDACTED' : found[0];
      return {
        RuleID: 'github-pat',
        Description: 'Uncovered a GitHub Personal Access Token, potentially leading to unauthorized repository access.',
        StartLine: index + 1,
        EndLine: index + 1,
        StartColumn: found.index + 1,
        EndColumn: found.index + found[0].length,
        Match: line.replace(found[0], secret),
        Secret: secret,
        File: path,
        SymlinkFile: '',
        Commit: '',
        Entropy: 4.68,
        Author: '',
        Email: '',
        Date: '',
        Message: '',
        Tags: [],
        Fingerprint: `${path}:github-pat:${index + 1}`,
      };
    }),
);
if (how === 'silent') process.exit(1);
if (how === 'garbled') writeFileSync(output, '○\n│╲ gitleaks\n');
else if (how === 'huge') process.stdout.write('x'.repeat(20 * 1024 * 1024), () => process.exit(0));
else if (how === 'outside')
  writeFileSync(output, JSON.stringify([{ ...findings[0], RuleID: 'x', File: '/etc/passwd' }]));
else writeFileSync(output, JSON.stringify(findings, null, 1));
if (how === 'loud') console.error(`leak: ${findings.map(({ Match }) => Match).join(' ')}`);
if (how !== 'huge') process.exit(findings.length > 0 || how === 'outside' ? Number(option('exit-code') ?? 1) : 0);
