/*
 * A policy as `opa build -t wasm` would make one, without the compiler, which is no npm package: the exports of ABI 1.3
 * and an evaluation that ignores its input and answers "allow". What `@open-policy-agent/opa-wasm` spends on it is
 * what it spends on every decision: writing the input into the policy's memory as JSON, the call, reading the answer.
 * A policy with rules also parses that JSON and evaluates them, so this is the least any decision can cost.
 */

/** Magic number and version of a WebAssembly module. */
const MODULE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const I32 = 0x7f;
const END = 0x0b;
const GLOBAL_GET = 0x23;
const LOCAL_GET = 0x20;

const BUILTINS_AT = 1_024;
const ENTRYPOINTS_AT = 1_040;
const RESULT_AT = 1_088;
const HEAP_AT = 65_536;

type Bytes = readonly number[];

function unsigned(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...unsigned(value >>> 7)];
}

function constant(value: number): number[] {
  const encode = (rest: number): number[] =>
    rest < 0x40 ? [rest & 0x7f] : [(rest & 0x7f) | 0x80, ...encode(rest >>> 7)];
  return [0x41, ...encode(value)];
}

function vector(items: readonly Bytes[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(bytes: Bytes): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function text(value: string): number[] {
  return sized([...Buffer.from(value)]);
}

function section(id: number, items: readonly Bytes[]): number[] {
  return [id, ...sized(vector(items))];
}

/** Exported functions: name, number of i32 arguments, whether an i32 comes back, body. */
const FUNCTIONS: readonly (readonly [string, number, boolean, Bytes])[] = [
  // The heap pointer moves up by what is asked for and is set back before every evaluation.
  ['opa_malloc', 1, true, [GLOBAL_GET, 0, GLOBAL_GET, 0, LOCAL_GET, 0, 0x6a, 0x24, 0]],
  ['opa_json_parse', 2, true, [LOCAL_GET, 0]],
  ['opa_json_dump', 1, true, [LOCAL_GET, 0]],
  ['opa_heap_ptr_get', 0, true, [GLOBAL_GET, 0]],
  ['opa_heap_ptr_set', 1, false, [LOCAL_GET, 0, 0x24, 0]],
  ['builtins', 0, true, constant(BUILTINS_AT)],
  ['entrypoints', 0, true, constant(ENTRYPOINTS_AT)],
  ['opa_eval', 7, true, constant(RESULT_AT)],
];

/** The bytes of the policy. Its one entrypoint is `mex/allow`. */
export function allowAllPolicy(): Uint8Array<ArrayBuffer> {
  const data = (at: number, value: string): Bytes => [0, ...constant(at), END, ...text(`${value}\0`)];
  const global = (value: number, mutable: 0 | 1): Bytes => [I32, mutable, ...constant(value), END];
  return Uint8Array.from([
    ...MODULE,
    ...section(
      1,
      FUNCTIONS.map(([, count, returns]) => [
        0x60,
        ...vector(Array(count).fill([I32])),
        ...vector(returns ? [[I32]] : []),
      ]),
    ),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, 2]]),
    ...section(
      3,
      FUNCTIONS.map((_, index) => [index]),
    ),
    ...section(6, [global(HEAP_AT, 1), global(1, 0), global(3, 0)]),
    ...section(7, [
      ...FUNCTIONS.map(([name], index) => [...text(name), 0x00, index]),
      [...text('opa_wasm_abi_version'), 0x03, 1],
      [...text('opa_wasm_abi_minor_version'), 0x03, 2],
    ]),
    ...section(
      10,
      FUNCTIONS.map(([, , , body]) => sized([0, ...body, END])),
    ),
    ...section(11, [
      data(BUILTINS_AT, '{}'),
      data(ENTRYPOINTS_AT, '{"mex/allow":0}'),
      data(RESULT_AT, '[{"result":true}]'),
    ]),
  ]);
}
