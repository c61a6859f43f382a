import type { Finding } from './report.ts';

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

const RULES: Readonly<Record<string, string>> = {
  LICENSE_UNKNOWN: 'The license of a package is unknown',
  LICENSE_DENIED: 'The license of a package is denied by the policy',
  LICENSE_NOT_ALLOWED: 'The license of a package is not among the allowed ones',
  LICENSE_MISMATCH: 'Declared and detected license differ',
  LICENSE_TEXT_MODIFIED: 'A license text was changed or limited',
  LICENSE_AMBIGUOUS: 'A declared license may mean several',
  LICENSE_CORRECTED: 'A declared license was read as an SPDX expression',
};

/** The findings as SARIF 2.1.0. */
export function writeSarif(findings: readonly Finding[], version: string): string {
  const ids = [...new Set(findings.map(({ code }) => code))].sort();
  const rules = ids.map((id) => ({ id, shortDescription: { text: RULES[id] ?? 'Something could not be read' } }));
  const results = findings.map(({ code, severity, title, locations, id }) => ({
    ruleId: code,
    ruleIndex: ids.indexOf(code),
    level: LEVELS[severity],
    message: { text: title },
    locations: locations.slice(0, 10).map(({ path, range }) => ({
      physicalLocation: {
        artifactLocation: { uri: path.split('/').map(encodeURIComponent).join('/') },
        ...(range === undefined ? {} : { region: { startLine: range.start.line } }),
      },
    })),
    partialFingerprints: { 'mexFinding/v1': id },
  }));
  const driver = { name: 'engine.supply_chain.license', version, rules };
  const log = {
    version: '2.1.0',
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}
