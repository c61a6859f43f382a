import { readBlocks } from './blocks.ts';

/** Where the links of a page lead that are no addresses; what stands in code is none. */
export function findLinks(page: string): string[] {
  const matches = withoutCode(page).matchAll(/\]\((<[^>]+>|[^()\s]+(?:\([^()\s]*\))?)(?:\s+"[^"]*")?\)/g);
  return [...matches]
    .map(([, target = '']) => target.replace(/^<|>$/g, ''))
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target));
}

/** The anchors of a page's headings, as GitHub and most site generators make them. */
export function findAnchors(page: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, heading = ''] of withoutFences(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = slug(heading);
    let unused = anchor;
    for (let again = 1; found.has(unused); again++) unused = `${anchor}-${again}`;
    found.add(unused);
  }
  return found;
}

function slug(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim();
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

function withoutFences(page: string): string {
  const lines = page.split('\n');
  for (const { text, line, kind } of readBlocks(page)) {
    if (kind === '') continue;
    lines.fill('', line - 1, line + text.split('\n').length + 1);
  }
  return lines.join('\n');
}

function withoutCode(page: string): string {
  return withoutFences(page).replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, '');
}
