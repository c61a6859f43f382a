// V8 keeps compiled functions by their text, with the loader of whoever compiled them first: each text is its own.
/** Ways to a built-in module. Each is an expression that gives the module, or a promise of it, for `ID`. */
export const ROUTES: Readonly<Record<string, string>> = {
  'import()': `import('node:ID')`,
  'import() without scheme': `import('ID')`,
  'import() in new Function': `new Function('return import("node:ID") /*1*/')()`,
  'import() in an async function constructor': `(async () => {}).constructor('return import("node:ID") /*2*/')()`,
  'import() in a generator constructor': `(function* () {}).constructor('yield import("node:ID")')().next().value`,
  'import() in an async generator constructor': `(async function* () {}).constructor('yield import("node:ID")')().next().then((r) => r.value)`,
  'import() in direct eval': `eval('import("node:ID")')`,
  'import() in indirect eval': `(0, eval)('import("node:ID")')`,
  'import() by a function compiled through call': `Function.prototype.call.call(Function, null, 'return import("node:ID") /*4*/')()`,
  'import() through a data: module': `import('data:text/javascript,export{default}from"node:ID"').then((m) => m.default)`,
  'import() through Reflect.construct': `Reflect.construct(Function, ['return import("node:ID") /*5*/'])()`,
  'process.getBuiltinModule': `process.getBuiltinModule('node:ID')`,
  'getBuiltinModule on the prototype chain of process': `Object.getPrototypeOf(Object.create(process)).getBuiltinModule('ID')`,
  'the global process through a function': `new Function('return this')().process.getBuiltinModule('ID')`,
  createRequire: `process.getBuiltinModule('module').createRequire('file:///')('ID')`,
};

/** The expression of one route to one module. */
export function route(name: string, id: string): string {
  const expression = ROUTES[name];
  if (expression === undefined) throw new Error(`no route ${name}`);
  return `(await (${expression.replaceAll('ID', id)}))`;
}
