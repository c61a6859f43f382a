import { hash } from 'node:crypto';
import type { ProblemLocation, ProblemReport } from './documents/problem.ts';
import { canonicalJson } from './json/index.ts';

/** Half a character would make the tuple have no canonical form, and a problem must never be lost to its own text. */
function cleanText(text: string | undefined): string | null {
  return text === undefined ? null : text.replace(/\r\n?/g, '\n').trim().toWellFormed();
}

/** Some file systems hand out names decomposed. */
function cleanPath(path: string | undefined): string | null {
  return cleanText(path)?.replaceAll('\\', '/').normalize('NFC') ?? null;
}

function cleanPosition(position: { readonly line: number; readonly column?: number } | undefined): unknown {
  return position === undefined ? null : { line: position.line, column: position.column ?? null };
}

function cleanLocation(location: ProblemLocation): unknown {
  const { range } = location;
  return {
    path: cleanPath(location.path),
    uri: cleanText(location.uri),
    entity_id: cleanText(location.entity_id),
    wsid: cleanText(location.wsid),
    range: range === undefined ? null : { start: cleanPosition(range.start), end: cleanPosition(range.end) },
  };
}

/**
 * Identity of a problem across runs and platforms (CONTRACT §11): SHA-256 of the canonical tuple of its stable parts.
 * Times and ids that change from run to run are not among them.
 */
export function problemFingerprint(report: ProblemReport): string {
  const locations = report.locations.map((location) => canonicalJson(cleanLocation(location))).sort();
  const tuple = canonicalJson([
    cleanText(report.source),
    cleanText(report.surface),
    cleanText(report.tool),
    cleanText(report.code),
    report.severity,
    cleanText(report.title),
    locations.map((text): unknown => JSON.parse(text)),
    cleanText(report.capability_id),
    cleanText(report.policy_decision_id),
  ]);
  return hash('sha256', tuple, 'hex');
}
