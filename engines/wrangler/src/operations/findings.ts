import type { EngineContext } from '@mex/engine-sdk';
import { clipText } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import { REPORT } from '../limits.ts';
import { excerpt } from '../table/cast.ts';
import type { Cell } from '../table/cell.ts';
import type { FindingCode } from './column-rules.ts';

export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
  /** Counted from 1; none when the finding is about the table. */
  readonly row?: number;
  readonly column?: string;
  readonly value?: Cell;
}

/** What is wrong with a table: all counted, the first thousand described, the first few shown to an operator. */
export class Findings {
  total = 0;
  private readonly kept: Finding[] = [];
  private readonly byCode = new Map<FindingCode, number>();
  /** Nulls of columns that may turn out not to be there at all. */
  private readonly nulls = new Map<string, number>();

  add(finding: Finding): void {
    this.count(finding.code, 1);
    if (finding.code === 'VALUE_NULL' && finding.column !== undefined)
      this.nulls.set(finding.column, (this.nulls.get(finding.column) ?? 0) + 1);
    if (this.kept.length < REPORT.maxFindings) this.kept.push(finding);
  }

  /** Takes back the nulls of a column that the table lacks: that is one finding and not one a row. */
  forget(column: string): void {
    const nulls = this.nulls.get(column) ?? 0;
    if (nulls === 0) return;
    this.nulls.delete(column);
    this.count('VALUE_NULL', -nulls);
    const others = this.kept.filter((finding) => finding.column !== column || finding.code !== 'VALUE_NULL');
    this.kept.splice(0, this.kept.length, ...others);
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.byCode].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** In the order of the rows; what is about the table comes last. */
  described(): Record<string, unknown>[] {
    return this.kept.map(({ code, message, row, column, value }) => ({
      ...(row === undefined ? {} : { row }),
      ...(column === undefined ? {} : { column }),
      code,
      message: plain(message),
      ...(value === null || value === undefined ? {} : { value: excerpt(column ?? '', value) }),
    }));
  }

  reportTo(context: EngineContext<string>): void {
    if (this.total === 0) return;
    for (const { code, message, row, column } of this.kept.slice(0, REPORT.maxProblems)) {
      const place = [
        row === undefined ? [] : `row ${row}`,
        column === undefined ? [] : `column ${plain(column)}`,
      ].flat();
      context.problem({
        code: 'WRANGLER_FINDING',
        severity: 'warning',
        title: clipText(`${code}: ${place.join(', ')}`, 200),
        message: plain(message),
      });
    }
    const rest = this.total - Math.min(this.total, REPORT.maxProblems);
    if (rest > 0)
      context.problem({
        code: 'WRANGLER_FINDINGS_MORE',
        severity: 'warning',
        title: `${rest} more findings`,
        message: `findings.json describes the first ${REPORT.maxFindings} of ${this.total}.`,
      });
  }

  private count(code: FindingCode, by: number): void {
    this.total += by;
    this.byCode.set(code, (this.byCode.get(code) ?? 0) + by);
  }
}

function plain(text: string): string {
  return clipText(redact(stripControl(text)), 500);
}
