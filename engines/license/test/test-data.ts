import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** The shared test data beside the checkout; never part of it. */
const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

/** Appended to the name of a suite that cannot run without the data, so that a skip explains itself. */
export const NO_DATA = existsSync(DATA) ? '' : ' — SKIPPED: the shared test data (../shared/data) is not here';
export const HAS_DATA = NO_DATA === '';

export interface LabelledText {
  readonly id: string;
  readonly text: string;
  readonly spdx: string | null;
  readonly accept?: readonly string[];
  readonly kind: string;
}

export interface Scenario {
  readonly source: string;
  readonly expected_names: readonly string[];
  readonly text: string;
}

export interface ExpressionCases {
  readonly parse: readonly {
    readonly text: string;
    readonly valid: boolean;
    readonly ast?: unknown;
    readonly disputed?: string;
  }[];
  readonly satisfies: readonly {
    readonly expression: string;
    readonly allowed: readonly string[];
    readonly result: boolean | 'error';
  }[];
  readonly correct: readonly { readonly input: string; readonly output: string }[];
}

export function labelledTexts(): readonly LabelledText[] {
  return readData('licenses/labelled.json', []);
}

export function scenarios(): readonly Scenario[] {
  return readData('licenses/classifier-scenarios.json', []);
}

export function expressionCases(): ExpressionCases {
  return readData('licenses/spdx-expressions.json', { parse: [], satisfies: [], correct: [] });
}

export function sarifSchema(): object {
  return readData('schemas/sarif/sarif-schema-2.1.0.json', {});
}

/** A lockfile of the shared data. */
export function readShared(path: string): string {
  const bytes = readFileSync(`${DATA}${path}`);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function readData<T>(path: string, none: T): T {
  return HAS_DATA ? JSON.parse(readFileSync(`${DATA}${path}`, 'utf8')) : none;
}
