/** A block of code of a page. */
export interface Block {
  /** The first word behind the backticks: `sh`, `text`, `ts`, `json` …; empty for an indented block. */
  readonly kind: string;
  /** What follows it. */
  readonly info: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** Every fenced block of a page, in order; indented ones too, which no page should have. */
export function readBlocks(page: string): Block[] {
  const blocks: Block[] = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const [, fence, opening = ''] = /^(`{3,})(.*)$/.exec(lines[at] ?? '') ?? [];
    if (fence !== undefined) {
      const end = lines.indexOf(fence, at + 1);
      if (end < 0) throw new Error(`line ${at + 1}: the block does not end`);
      const [kind = '', ...info] = opening.trim().split(' ');
      blocks.push({ kind, info: info.join(' '), text: lines.slice(at + 1, end).join('\n'), line: at + 1 });
      at = end;
    } else if (/^ {4}\S/.test(lines[at] ?? '') && (lines[at - 1] ?? '') === '') {
      blocks.push({ kind: '', info: '', text: lines[at] ?? '', line: at + 1 });
    }
  }
  return blocks;
}

/** Why a block is not run; `undefined`: it is. */
export function reasonNotToRun({ info }: Block): string | undefined {
  return /^no-run (\S.*)$/.exec(info)?.[1];
}
