export { certify } from './certify.ts';
export type { ConformanceErrorCode } from './errors.ts';
export { renderJunit } from './render/report-junit.ts';
export { renderMarkdown } from './render/report-markdown.ts';
export { renderText } from './render/report-text.ts';
export { type CaseResult, type CaseStatus, ConformanceReport, type Finding, reportChecker } from './report.ts';
export type {
  CertifiedTier,
  CertifyOptions,
  CertifyProgress,
  CertifyRequest,
  EngineDirectory,
  EngineWithVectors,
} from './request.ts';
export { createStatement, reportText, type StatementTerms } from './statement.ts';
