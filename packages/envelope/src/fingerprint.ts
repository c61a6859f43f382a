import { hash } from 'node:crypto';
import type { ProblemLocation, ProblemReport } from './documents/problem.ts';
import { canonicalJson } from './json/index.ts';

function cleanText(text: string | undefined): string | null {
  return text === undefined ? null : text.replace(/\r\n?/g, '\n').trim();
}

function cleanLocation(location: ProblemLocation): unknown {
  return {
    path: location.path === undefined ? null : location.path.replaceAll('\\', '/').trim(),
    uri: cleanText(location.uri),
    entity_id: location.entity_id ?? null,
    wsid: location.wsid ?? null,
    range: location.range ?? null,
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
    report.capability_id ?? null,
    report.policy_decision_id ?? null,
  ]);
  return hash('sha256', tuple, 'hex');
}
