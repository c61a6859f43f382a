import type { QuickJSContext, QuickJSHandle } from 'quickjs-emscripten-core';
import { LIMITS } from '../limits.ts';
import type { GuestInput, RunRecord } from './run-record.ts';

/** All that the prelude gets from outside. Arguments are hostile: each is looked at before it is copied out. */
export function hostObject(context: QuickJSContext, inputs: readonly GuestInput[], record: RunRecord): QuickJSHandle {
  const host = context.newObject();
  const take = (handle: QuickJSHandle | undefined, maxChars: number): string => textOf(context, handle, maxChars);
  const input = (handle: QuickJSHandle | undefined): GuestInput => inputAt(context, handle, inputs);
  const give = (name: string, run: (...args: QuickJSHandle[]) => QuickJSHandle | void): void => {
    const made = context.newFunction(name, (...args) => run(...args) ?? context.undefined);
    context.setProp(host, name, made);
    made.dispose();
  };
  const decoder = new TextDecoder('utf-8', { fatal: true });
  context.setProp(host, 'count', context.newNumber(inputs.length));
  give('name', (at) => context.newString(JSON.stringify(input(at).name)));
  give('path', (at) => context.newString(JSON.stringify(input(at).path)));
  give('size', (at) => context.newNumber(input(at).bytes.length));
  give('text', (at) => context.newString(JSON.stringify(decodeInput(decoder, input(at)))));
  give('bytes', (at) => context.newArrayBuffer(ownBuffer(input(at).bytes)));
  give('log', (level, line) => record.log(rawText(context, level, 16), take(line, LIMITS.maxLineChars * 8)));
  give('fail', (name, message, stack) => record.fail(take(name, 400), take(message, 8_000), take(stack, 8_000)));
  give('succeed', (json) => {
    if (lengthOf(context, json) > LIMITS.maxResultBytes) record.exceed(`${LIMITS.maxResultBytes} bytes of result`);
    else record.succeed(rawText(context, json, LIMITS.maxResultBytes));
    return undefined;
  });
  give('writeText', (name, text) => {
    const own = take(name, LIMITS.maxNameChars * 2);
    if (lengthOf(context, text) > LIMITS.maxFileBytes * ESCAPED) record.exceed(`${LIMITS.maxFileBytes} bytes of files`);
    else record.write(own, new TextEncoder().encode(take(text, LIMITS.maxFileBytes)));
    return undefined;
  });
  give('writeBytes', (name, buffer) => {
    const own = take(name, LIMITS.maxNameChars * 2);
    if (buffer === undefined) throw new TypeError('Bytes were expected.');
    const view = context.getArrayBuffer(buffer);
    if (view.value.length > LIMITS.maxFileBytes) record.exceed(`${LIMITS.maxFileBytes} bytes of files`);
    else record.write(own, view.value.slice());
    view.dispose();
    return undefined;
  });
  return host;
}

function lengthOf(context: QuickJSContext, handle: QuickJSHandle | undefined): number {
  if (handle === undefined || context.typeof(handle) !== 'string') throw new TypeError('A text was expected.');
  return context.getProp(handle, 'length').consume((length) => context.getNumber(length));
}

/** Most characters that JSON makes of one. */
const ESCAPED = 6;

/** A text that the prelude gave as JSON. */
function textOf(context: QuickJSContext, handle: QuickJSHandle | undefined, maxChars: number): string {
  const text: unknown = JSON.parse(rawText(context, handle, maxChars * ESCAPED + 2));
  if (typeof text !== 'string') throw new TypeError('A text was expected.');
  return text.toWellFormed();
}

function rawText(context: QuickJSContext, handle: QuickJSHandle | undefined, maxChars: number): string {
  if (handle === undefined || lengthOf(context, handle) > maxChars) throw new RangeError('A text is too long.');
  return context.getString(handle);
}

function inputAt(
  context: QuickJSContext,
  handle: QuickJSHandle | undefined,
  inputs: readonly GuestInput[],
): GuestInput {
  const at = handle !== undefined && context.typeof(handle) === 'number' ? context.getNumber(handle) : Number.NaN;
  const found = inputs[at];
  if (found === undefined) throw new RangeError('There is no such input.');
  return found;
}

function decodeInput(decoder: TextDecoder, { bytes }: GuestInput): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new TypeError('The input is not UTF-8: take bytes().');
  }
}

function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
