import { ConformanceReport } from '@mex/conformance-harness';

/** The text of `schemas/conformance-report.schema.json`. */
export function publishedReport(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'ConformanceReport',
    description: 'What came out of certifying one engine (CONTRACT §15).',
    ...ConformanceReport,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
