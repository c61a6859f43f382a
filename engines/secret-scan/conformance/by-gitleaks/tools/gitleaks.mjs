// Stands in for gitleaks: writes what it would write for the tree of this vector.
import { writeFileSync } from 'node:fs';

const LEAKS = [
  {
    RuleID: 'github-pat',
    Description: 'A token',
    StartLine: 2,
    EndLine: 2,
    StartColumn: 14,
    EndColumn: 53,
    Match: 'REDACTED',
    Secret: 'REDACTED',
    File: '/inputs/tree/src/app.js',
    SymlinkFile: '',
    Commit: '',
    Entropy: 4.8,
    Fingerprint: '/inputs/tree/src/app.js:github-pat:2',
  },
];

const output = process.argv.find((arg) => arg.startsWith('--report-path='));
writeFileSync(output.slice('--report-path='.length), JSON.stringify(LEAKS));
process.exitCode = 9;
