import { CONFIDENCE_RANK, type FindOptions, type SecretFinding } from './finding.ts';
import { isCodePath, scanSpans } from './scan/scanner.ts';

/**
 * Finds secrets in a text, in order and without overlaps. Time is linear in the text.
 *
 * @param text any text; binary content should be left out by the caller
 * @example findSecrets('password = "correct-horse-9"')[0]?.rule // 'assigned-password'
 */
export function findSecrets(text: string, options: FindOptions = {}): SecretFinding[] {
  const least = CONFIDENCE_RANK[options.minConfidence ?? 'low'];
  const findings: SecretFinding[] = [];
  let line = 1;
  let lineStart = 0;
  // Sought once: a text without line ends must not be read again for every finding.
  let nextLine = text.indexOf('\n');
  for (const span of scanSpans(text, isCodePath(options.path))) {
    if (CONFIDENCE_RANK[span.confidence] < least) continue;
    while (nextLine >= 0 && nextLine < span.start) {
      line++;
      lineStart = nextLine + 1;
      nextLine = text.indexOf('\n', lineStart);
    }
    const mark = options.fingerprint && { fingerprint: options.fingerprint(text.slice(span.start, span.end)) };
    findings.push({ ...span, line, column: span.start - lineStart + 1, ...mark });
  }
  return findings;
}
