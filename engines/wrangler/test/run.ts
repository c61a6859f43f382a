import { type TestResult, testOperation } from '@mex/engine-sdk/testing';
import engine from '../src/engine.ts';
import type { ConvertParams } from '../src/operations/convert.ts';
import type { Format } from '../src/table/source.ts';

type Content = string | Uint8Array;

function table(content: Content, format: Format) {
  return { content, name: `table.${format}` };
}

export function convert(content: Content, from: Format, params: ConvertParams): Promise<TestResult> {
  return testOperation(engine, 'wrangler.convert_table', { params, inputs: [table(content, from)] });
}

/** Converts and returns the bytes. @throws Error when the operation did not succeed. */
export async function converted(content: Content, from: Format, params: ConvertParams): Promise<Uint8Array> {
  return output(await convert(content, from, params), `table.${params.to}`).bytes;
}

export async function convertedText(content: Content, from: Format, params: ConvertParams): Promise<string> {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await converted(content, from, params));
}

/** An output of a run that succeeded. @throws Error with what went wrong otherwise. */
export function output(result: TestResult, name: string) {
  const found = result.outputs[name];
  if (found !== undefined) return found;
  throw new Error(`${result.error?.code}: ${result.error?.message}`, { cause: result.thrown });
}

type Params = Readonly<Record<string, unknown>>;

/** Runs another operation; `inputs` after the table are documents. */
export function run(
  operation: 'validate_dataset' | 'find_duplicates' | 'profile_dataset',
  content: Content,
  format: Format,
  params: Params = {},
  ...more: readonly string[]
): Promise<TestResult> {
  const inputs = [table(content, format), ...more.map((document) => ({ content: document, name: 'schema.json' }))];
  const options = { params, inputs };
  if (operation === 'validate_dataset') return testOperation(engine, 'wrangler.validate_dataset', options);
  return operation === 'find_duplicates'
    ? testOperation(engine, 'wrangler.find_duplicates', options)
    : testOperation(engine, 'wrangler.profile_dataset', options);
}

export function report(result: TestResult, name: string): Record<string, unknown> {
  const document = output(result, name).json();
  if (typeof document !== 'object' || document === null) throw new Error('no object');
  return { ...document };
}
