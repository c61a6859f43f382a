import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPages, ROOT, readPage } from './markdown/files.ts';
import { findAnchors, findLinks } from './markdown/links.ts';

/** What is wrong with the links of a page that lead into this repository. */
function brokenLinks(page: string): string[] {
  return findLinks(readPage(page)).flatMap((link) => {
    const [path = '', hash = ''] = link.split('#');
    const target = path === '' ? page : normalize(join(dirname(page), decodeURI(path)));
    if (target.startsWith('..')) return [`${link} leads out of the repository`];
    if (!existsSync(join(ROOT, target))) return [`${link}: there is no ${target}`];
    if (hash === '' || !target.endsWith('.md')) return [];
    return findAnchors(readPage(target)).has(hash) ? [] : [`${link}: ${target} has no such heading`];
  });
}

describe('links between the pages of this repository', () => {
  it('are found, with their anchors', () => {
    const page =
      '# One & two\n\n[a](b.md#c) `[no](no.md)` [d](https://x.example) [e]: f.md\n\n```sh\n[no](no.md)\n```\n';
    expect(findLinks(page)).toEqual(['b.md#c']);
    expect([...findAnchors('# One & `two`\n## One\n## One\n')]).toEqual(['one--two', 'one', 'one-1']);
  });

  it('lead to a file that is there, and to a heading that it has', () => {
    const broken = listPages().flatMap((page) => brokenLinks(page).map((fault) => `${page}: ${fault}`));
    expect(broken).toEqual([]);
  });

  it('lead from docs/README.md to every page of docs but those of single errors', () => {
    const reached = new Set(['docs/README.md']);
    for (const page of reached) {
      for (const link of findLinks(readPage(page))) {
        const target = normalize(join(dirname(page), link.replace(/#.*/, '')));
        if (target.startsWith('docs/') && target.endsWith('.md') && existsSync(join(ROOT, target))) reached.add(target);
      }
    }
    expect(listPages().filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
  });
});
