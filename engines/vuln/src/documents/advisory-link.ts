import type { Finding } from '../match/findings.ts';

/** Where a person can read about an id: the database's own page where its form is known, else the record's reference. */
export function linkOf(id: string, finding: Finding): string {
  if (id.startsWith('GHSA-')) return `https://github.com/advisories/${id}`;
  if (id.startsWith('RUSTSEC-')) return `https://rustsec.org/advisories/${id}.html`;
  if (id.startsWith('GO-')) return `https://pkg.go.dev/vuln/${id}`;
  if (id.startsWith('CVE-')) return `https://nvd.nist.gov/vuln/detail/${id}`;
  return finding.records.find((record) => record.id === id)?.url ?? `https://osv.dev/vulnerability/${id}`;
}

/** Who issued an id. */
export function sourceOf(id: string): { name: string; url: string } {
  if (id.startsWith('GHSA-')) return { name: 'GitHub Advisory Database', url: `https://github.com/advisories/${id}` };
  if (id.startsWith('RUSTSEC-')) return { name: 'RustSec', url: `https://rustsec.org/advisories/${id}.html` };
  if (id.startsWith('GO-')) return { name: 'Go Vulnerability Database', url: `https://pkg.go.dev/vuln/${id}` };
  if (id.startsWith('CVE-')) return { name: 'NVD', url: `https://nvd.nist.gov/vuln/detail/${id}` };
  return { name: 'OSV', url: `https://osv.dev/vulnerability/${id}` };
}
