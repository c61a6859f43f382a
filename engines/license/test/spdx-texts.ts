import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

let texts: Record<string, { readonly licenseText: string }> | undefined;

/** The text of a license as the SPDX list has it. */
export function spdxText(id: string): string {
  texts ??= JSON.parse(readFileSync(require.resolve('spdx-license-list/spdx-full.json'), 'utf8'));
  const found = texts?.[id]?.licenseText;
  if (found === undefined) throw new Error(`no SPDX text of ${id}`);
  return found;
}

export function spdxIds(): string[] {
  spdxText('MIT');
  return Object.keys(texts ?? {}).sort();
}
