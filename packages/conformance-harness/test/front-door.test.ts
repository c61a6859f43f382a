import { readFileSync } from 'node:fs';
import * as door from '@mex/conformance-harness';
import { expect, it } from 'vitest';
import { publishedReport } from '../scripts/published-schema.ts';

it('lets out what is meant to be let out', () => {
  expect(Object.keys(door).toSorted()).toEqual([
    'ConformanceReport',
    'certify',
    'createStatement',
    'renderJunit',
    'renderMarkdown',
    'renderText',
    'reportChecker',
    'reportText',
  ]);
});

it('[§15] the published schema of the report is the one that reports are checked with', () => {
  const published = readFileSync(new URL('../schemas/conformance-report.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(published)).toEqual(JSON.parse(publishedReport()));
});
