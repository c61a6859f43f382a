// A stand-in for osv-scanner: reads a CycloneDX document, knows one vulnerability (of "alpha" below 2.0.0), and writes the
// documented JSON with every package. Exit codes as documented: 0 clean, 1 vulnerabilities, 127 failure, 128 no packages.
import { readFileSync } from 'node:fs';

const args = process.argv.slice(2);
if (args.includes('--version')) {
  console.log('osv-scanner version: 2.3.0 (stand-in)');
  process.exit(0);
}
const bill = args.find((arg) => arg.startsWith('--lockfile='))?.slice('--lockfile='.length);
const needed = ['--format=json', '--offline-vulnerabilities', '--all-packages'];
if (bill === undefined || !needed.every((option) => args.includes(option))) process.exit(127);
const ALPHA = {
  schema_version: '1.7.0',
  id: 'GHSA-stand-in-1',
  modified: '2026-01-01T00:00:00Z',
  summary: 'Something about alpha',
  severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' }],
  affected: [
    {
      package: { ecosystem: 'npm', name: 'alpha' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
    },
  ],
};
const { components = [] } = JSON.parse(readFileSync(bill, 'utf8'));
const packages = components.map(({ purl }) => {
  const [, path, version] = /^pkg:npm\/(.+)@([^@?]+)/.exec(purl);
  const name = decodeURIComponent(path);
  const entry = { package: { name, version, ecosystem: 'npm' } };
  if (name !== 'alpha' || !version.startsWith('1.')) return entry;
  return {
    ...entry,
    vulnerabilities: [ALPHA],
    groups: [{ ids: [ALPHA.id], aliases: [ALPHA.id], max_severity: '7.5' }],
  };
});
if (packages.length === 0) process.exit(128);
console.error(`Scanned ${bill} file and found ${packages.length} packages`);
console.log(
  JSON.stringify({ results: [{ source: { path: bill, type: 'sbom' }, packages }], experimental_config: {} }, null, 2),
);
process.exit(packages.some((entry) => 'vulnerabilities' in entry) ? 1 : 0);
