import { suggest } from '../suggest.ts';
import { usageError } from '../usage-error.ts';

/** One of the four scans of CONTRACT §13, as `--only` names it. */
export type CheckName = 'sbom' | 'vuln' | 'license' | 'secret';

export interface Check {
  readonly name: CheckName;
  readonly job: string;
  readonly engineId: string;
  readonly operation: string;
}

/** The supply chain jobs, in the order in which they are told. */
export const CHECKS: readonly Check[] = [
  { name: 'sbom', job: 'sbom_generate', engineId: 'engine.supply_chain.sbom', operation: 'sbom.generate' },
  { name: 'vuln', job: 'vuln_scan', engineId: 'engine.supply_chain.vuln', operation: 'vuln.scan' },
  { name: 'license', job: 'license_scan', engineId: 'engine.supply_chain.license', operation: 'license.scan' },
  { name: 'secret', job: 'secret_scan', engineId: 'engine.guard.secret_scan', operation: 'secret.scan' },
];

/**
 * Reads `--only`: names with commas between them. Vulnerabilities and licenses are read from the SBOM, so asking for
 * one of them asks for it, too.
 * @throws MexError `CLI_USAGE`
 */
export function parseOnly(text: string | undefined): ReadonlySet<CheckName> {
  const all = CHECKS.map(({ name }) => name);
  if (text === undefined) return new Set(all);
  const chosen = new Set<CheckName>();
  for (const word of text.split(',').map((part) => part.trim())) {
    const name = all.find((one) => one === word);
    if (name === undefined) {
      const near = suggest(word, all);
      const remedy = near === undefined ? `Write one or more of: ${all.join(',')}` : `Did you mean: --only ${near}`;
      throw usageError(`--only does not know "${word}".`, remedy);
    }
    chosen.add(name);
  }
  if (chosen.has('vuln') || chosen.has('license')) chosen.add('sbom');
  return chosen;
}
