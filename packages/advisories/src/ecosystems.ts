import { mavenOrder } from './versions/maven-order.ts';
import { packagistOrder } from './versions/packagist-order.ts';
import { pypiOrder } from './versions/pypi-order.ts';
import { rubygemsOrder } from './versions/rubygems-order.ts';
import { semverOrder } from './versions/semver-order.ts';
import type { VersionOrder } from './versions/version-order.ts';

/** The ecosystems whose versions MEX can order, by their name in OSV records. */
export type EcosystemName = 'npm' | 'crates.io' | 'PyPI' | 'Go' | 'RubyGems' | 'Packagist' | 'Maven';

export interface Ecosystem {
  readonly name: EcosystemName;
  readonly order: VersionOrder;
  /** The one spelling of a package under which advisories are filed and looked up. */
  readonly packageKey: (name: string) => string;
}

const exact = (name: string): string => name;
const lowerCase = (name: string): string => name.toLowerCase();

const ECOSYSTEMS: readonly Ecosystem[] = [
  // purl asks for lower case and the database for the author's spelling: one key serves both.
  { name: 'Go', order: semverOrder, packageKey: lowerCase },
  { name: 'Maven', order: mavenOrder, packageKey: exact },
  { name: 'Packagist', order: packagistOrder, packageKey: lowerCase },
  { name: 'PyPI', order: pypiOrder, packageKey: (name) => name.toLowerCase().replace(/[-_.]+/g, '-') },
  { name: 'RubyGems', order: rubygemsOrder, packageKey: exact },
  { name: 'crates.io', order: semverOrder, packageKey: exact },
  // `JSONStream` and `jsonstream` are two packages.
  { name: 'npm', order: semverOrder, packageKey: exact },
];

const BY_NAME: ReadonlyMap<string, Ecosystem> = new Map(ECOSYSTEMS.map((one) => [one.name, one]));

/** Every supported ecosystem, in code-unit order. */
export const ECOSYSTEM_NAMES: readonly EcosystemName[] = ECOSYSTEMS.map((one) => one.name);

/**
 * `undefined` for an ecosystem whose versions cannot be ordered here, and for a private or vendor variant of a
 * supported one (`Packagist:https://…`): another registry's packages are other packages.
 */
export function findEcosystem(name: string): Ecosystem | undefined {
  return BY_NAME.get(name);
}
