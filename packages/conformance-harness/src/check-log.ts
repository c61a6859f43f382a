import { clipText } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import type { CheckLog, PartialFinding } from './probes/probe.ts';
import type { Finding } from './report.ts';

/** Findings of a case that a report holds. */
const MAX_FINDINGS = 32;

/** What the probes of one case wrote down, in all tiers. */
export class CaseLog {
  checks = 0;
  more = 0;
  readonly findings: Finding[] = [];
  readonly reasons: string[] = [];
  private readonly remedy: string;

  /** @param remedy for findings that bring none */
  constructor(remedy: string) {
    this.remedy = remedy;
  }

  readonly log: CheckLog = {
    check: (held, finding) => {
      this.checks += 1;
      if (!held) this.add(finding());
    },
    notApplicable: (reason) => {
      this.reasons.push(clean(reason));
    },
  };

  add({ what, where = {}, remedy = this.remedy }: PartialFinding): void {
    if (this.findings.length >= MAX_FINDINGS) {
      this.more += 1;
      return;
    }
    const { at, ...place } = where;
    this.findings.push({
      what: clean(what),
      where: at === undefined ? place : { ...place, at: clean(at) },
      remedy: clean(remedy),
    });
  }
}

/** Words of engines and their authors reach a person: no control characters, no secrets, bounded. */
function clean(text: string): string {
  return clipText(redact(stripControl(text)), 2_000);
}
