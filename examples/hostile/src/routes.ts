/*
 * The plainest ways from JavaScript to the powers of Node. In an ordinary process every one of them is open; the
 * engine takes what it finds. Nothing here is typed as what it is: in a sandbox it is not there.
 */

type Route = (name: string) => unknown;

/** A member of something that may not exist. */
function member(owner: unknown, name: string): unknown {
  return owner === null || owner === undefined ? undefined : Reflect.get(Object(owner), name);
}

/** Calls a method that may not exist. @throws Error when it does not */
export function call(owner: unknown, name: string, ...args: readonly unknown[]): unknown {
  const method = member(owner, name);
  if (typeof method !== 'function') throw new Error(`there is no ${name}`);
  return Reflect.apply(method, owner, args);
}

/** Compiles text where nobody reads along. */
function compile(text: string): unknown {
  const maker = member(() => undefined, 'constructor');
  if (typeof maker !== 'function') throw new Error('there is no way to compile');
  const compiled: unknown = Reflect.apply(maker, undefined, [text]);
  return typeof compiled === 'function' ? Reflect.apply(compiled, undefined, []) : undefined;
}

/** Node's `process`, by name or dug out of a function that was made from text. */
export function findProcess(): unknown {
  return member(globalThis, 'process') ?? compile('return typeof process === "undefined" ? undefined : process');
}

const ROUTES: readonly Route[] = [
  (name) => call(findProcess(), 'getBuiltinModule', name),
  (name) => call(compile('return process'), 'getBuiltinModule', name),
  (name) => call(member(findProcess(), 'mainModule'), 'require', name),
  (name) => call(globalThis, 'require', name),
  (name) => compile(`return require(${JSON.stringify(name)})`),
  (name) => compile(`return import(${JSON.stringify(name)})`),
  (name) => call(findProcess(), 'binding', name.slice('node:'.length)),
];

/**
 * A module of Node, by whichever route gives it.
 * @throws Error when none does
 */
export async function reach(name: string): Promise<object> {
  for (const route of ROUTES) {
    try {
      const found = await route(name);
      if (typeof found === 'object' && found !== null) return found;
    } catch {
      // A closed route; the next one.
    }
  }
  throw new Error(`${name} cannot be reached`);
}
