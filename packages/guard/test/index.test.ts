import { expect, it } from 'vitest';
import * as guard from '../src/index.ts';

it('the front door is exactly this', () => {
  expect(Object.keys(guard).sort()).toEqual([
    'MASK',
    'SHORTEST_KNOWN_VALUE',
    'containsSecret',
    'createLeakDetector',
    'createRedactor',
    'describeRule',
    'findSecrets',
    'redact',
    'redactJson',
    'stripControl',
  ]);
});
