import { listedLicenses } from './license-list.ts';

/**
 * What people call licenses, as keys (see {@link nameKey}), beside the ids and official names of the SPDX list. One name
 * must mean one license: names of whole families are not here.
 */
const ALIASES: Readonly<Record<string, string>> = {
  'mit x11': 'MIT',
  'mit x': 'MIT',
  x11: 'X11',
  expat: 'MIT',
  'mit expat': 'MIT',
  'mit mit': 'MIT',
  'mit no attribution': 'MIT-0',
  '2 clause bsd': 'BSD-2-Clause',
  'simplified bsd': 'BSD-2-Clause',
  'bsd 2 clause simplified': 'BSD-2-Clause',
  'bsd 2': 'BSD-2-Clause',
  '3 clause bsd': 'BSD-3-Clause',
  'new bsd': 'BSD-3-Clause',
  'modified bsd': 'BSD-3-Clause',
  'revised bsd': 'BSD-3-Clause',
  'bsd 3': 'BSD-3-Clause',
  'bsd 3 clause new': 'BSD-3-Clause',
  'bsd new': 'BSD-3-Clause',
  'bsd 3 clause revised': 'BSD-3-Clause',
  'three clause bsd': 'BSD-3-Clause',
  'two clause bsd': 'BSD-2-Clause',
  '4 clause bsd': 'BSD-4-Clause',
  'old bsd': 'BSD-4-Clause',
  'original bsd': 'BSD-4-Clause',
  'clear bsd': 'BSD-3-Clause-Clear',
  'bsd zero clause': '0BSD',
  'zero clause bsd': '0BSD',
  freebsd: 'BSD-2-Clause-FreeBSD',
  'free bsd': 'BSD-2-Clause-FreeBSD',
  netbsd: 'BSD-2-Clause-NetBSD',
  'apache 2': 'Apache-2.0',
  'apache 2 0': 'Apache-2.0',
  bsd3: 'BSD-3-Clause',
  bsd2: 'BSD-2-Clause',
  'bsd3 clause': 'BSD-3-Clause',
  'bsd2 clause': 'BSD-2-Clause',
  'standard 3 clause bsd': 'BSD-3-Clause',
  'apache software 2.0': 'Apache-2.0',
  'apache software 2': 'Apache-2.0',
  'apache public 2': 'Apache-2.0',
  'apache public 2.0': 'Apache-2.0',
  apache2: 'Apache-2.0',
  'apache2.0': 'Apache-2.0',
  'asl 2.0': 'Apache-2.0',
  'apache 1.1': 'Apache-1.1',
  'al 2.0': 'Apache-2.0',
  'mpl 2': 'MPL-2.0',
  'mozilla public 2': 'MPL-2.0',
  mpl2: 'MPL-2.0',
  'mpl2.0': 'MPL-2.0',
  'mozilla mpl 2.0': 'MPL-2.0',
  'eclipse public 1': 'EPL-1.0',
  'eclipse public 2': 'EPL-2.0',
  'epl 2': 'EPL-2.0',
  'epl 1': 'EPL-1.0',
  'eclipse distribution 1.0': 'BSD-3-Clause',
  'boost software': 'BSL-1.0',
  boost: 'BSL-1.0',
  'boost 1.0': 'BSL-1.0',
  'zlib libpng': 'Zlib',
  'zlib png': 'Zlib',
  cc0: 'CC0-1.0',
  'cc0 1': 'CC0-1.0',
  'cc0 universal': 'CC0-1.0',
  'creative commons zero': 'CC0-1.0',
  'creative commons cc0': 'CC0-1.0',
  'creative commons cc0 1.0 universal': 'CC0-1.0',
  'cc zero': 'CC0-1.0',
  'cc by 4.0 international': 'CC-BY-4.0',
  'cc by sa 4.0 international': 'CC-BY-SA-4.0',
  'creative commons attribution 3.0': 'CC-BY-3.0',
  'creative commons attribution 4.0': 'CC-BY-4.0',
  'creative commons attribution sharealike 4.0': 'CC-BY-SA-4.0',
  'creative commons attribution sharealike 3.0': 'CC-BY-SA-3.0',
  'artistic 2': 'Artistic-2.0',
  'perl artistic 2.0': 'Artistic-2.0',
  'university of illinois ncsa open source': 'NCSA',
  'university of illinois open source': 'NCSA',
  uiuc: 'NCSA',
  'microsoft public': 'MS-PL',
  'microsoft reciprocal': 'MS-RL',
  'universal permissive': 'UPL-1.0',
  'blue oak model 1.0.0': 'BlueOak-1.0.0',
  'blue oak 1.0.0': 'BlueOak-1.0.0',
  'python software foundation': 'PSF-2.0',
  psf: 'PSF-2.0',
  'python 2': 'Python-2.0',
  'cddl 1.0': 'CDDL-1.0',
  'sil open font 1.1': 'OFL-1.1',
  'sil ofl 1.1': 'OFL-1.1',
  'open font 1.1': 'OFL-1.1',
  'do what the fuck you want to public': 'WTFPL',
  'wtfpl 2': 'WTFPL',
  'unlicensed unlicense': 'Unlicense',
  'public domain unlicense': 'Unlicense',
  'beer ware': 'Beerware',
  'ruby s': 'Ruby',
  'elastic 2.0': 'Elastic-2.0',
  'business source 1.1': 'BUSL-1.1',
  'server side public 1': 'SSPL-1.0',
  'server side public': 'SSPL-1.0',
  postgres: 'PostgreSQL',
};

/** Words that say nothing of which license is meant. */
const IDLE = new Set(['the', 'license', 'licenses', 'licensed', 'version', 'v', 'ver', 'a', 'an']);

/** A license's name without what varies: case, punctuation, `license`, `version`, the `v` of a number. */
export function nameKey(text: string): string {
  return nameWords(text).join(' ');
}

/** The words of {@link nameKey}. */
export function nameWords(text: string): string[] {
  const spaced = text
    .toLowerCase()
    .replace(/(?<=[a-z])v(?=\d)/g, ' ')
    .replace(/_/g, ' ');
  const words = spaced.match(/\d+(?:\.\d+)*\+?|\p{L}[\p{L}\p{N}]*(?:\.\d+)*\+?/gu) ?? [];
  return words.flatMap((raw) => {
    const word = raw.replace(/^li[cs]en[cs]e(s|d)?$/, 'license$1').replace(/^v(?=\d)/, '');
    return IDLE.has(word) ? [] : [word];
  });
}

let names: ReadonlyMap<string, string> | undefined;

/** Longest name in words; longer runs of words need not be looked up. */
export const MAX_NAME_WORDS = 12;

/** The license a name means, by its key; GNU licenses are read by `gnu-names.ts`, for their versions. */
export function licenseOfName(key: string): string | undefined {
  names ??= readNames();
  return names.get(key);
}

function readNames(): Map<string, string> {
  const found = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const { id, name, isDeprecated } of listedLicenses()) {
    if (isDeprecated) continue;
    for (const key of new Set([nameKey(id), nameKey(name)])) {
      const other = found.get(key);
      if (other !== undefined && other !== id) ambiguous.add(key);
      if (key !== '') found.set(key, id);
    }
  }
  for (const key of ambiguous) found.delete(key);
  for (const [name, id] of Object.entries(ALIASES)) found.set(nameKey(name), id);
  return found;
}
