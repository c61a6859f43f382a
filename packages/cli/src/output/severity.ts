import type { Severity } from '@mex/envelope';
import { dim, type Piece, red, yellow } from './style.ts';

/** A severity in its colour. */
export function severityPiece(severity: Severity): Piece {
  if (severity === 'fatal' || severity === 'error') return red(severity);
  return severity === 'warning' ? yellow(severity) : dim(severity);
}
