/**
 * Runs inside of the interpreter before the script, and is as little trusted as the script: what it gives to the
 * functions of `host` is checked there; texts pass as JSON, because the interpreter ends others at a zero. It takes what it needs before the script can change it, sets clock and chance,
 * and turns results and errors into texts where getters, proxies and `toJSON` of the script cost only the script.
 */
export const PRELUDE = String.raw`(function (host, seed, now, argsText, sourceText) {
  'use strict';
  const { stringify, parse } = JSON;
  const RealDate = Date;
  const { construct, defineProperty } = Reflect;
  const AsyncFunction = (async () => {}).constructor;
  const text = String;
  const Bytes = Uint8Array;
  const then = Promise.prototype.then;
  const { call } = Function.prototype;
  const invoke = call.bind(call);
  // Memory that is shared, and waiting for it, have no meaning for one thread.
  delete globalThis.SharedArrayBuffer;
  delete globalThis.Atomics;

  // Mulberry32: small, and the same everywhere.
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  defineProperty(Math, 'random', { value: random, writable: true, enumerable: false, configurable: true });

  function Date_(...parts) {
    if (new.target === undefined) return new RealDate(now).toString();
    return construct(RealDate, parts.length === 0 ? [now] : parts, new.target === Date_ ? RealDate : new.target);
  }
  defineProperty(Date_, 'name', { value: 'Date' });
  defineProperty(Date_, 'length', { value: 7 });
  defineProperty(Date_, 'prototype', { value: RealDate.prototype, writable: false });
  defineProperty(Date_, 'now', { value: () => now, writable: true, configurable: true });
  defineProperty(Date_, 'parse', { value: RealDate.parse, writable: true, configurable: true });
  defineProperty(Date_, 'UTC', { value: RealDate.UTC, writable: true, configurable: true });
  defineProperty(RealDate.prototype, 'constructor', { value: Date_, writable: true, configurable: true });
  defineProperty(globalThis, 'Date', { value: Date_, writable: true, configurable: true });

  const show = (value) => {
    if (typeof value === 'string') return value;
    try {
      if (typeof value === 'object' && value !== null && !(value instanceof Error)) {
        const json = stringify(value);
        if (typeof json === 'string') return json;
      }
      return text(value);
    } catch {
      return '[a value that cannot be shown]';
    }
  };
  const console = {};
  for (const level of ['debug', 'log', 'info', 'warn', 'error']) {
    console[level] = (...values) => {
      let line = '';
      for (let at = 0; at < values.length && line.length < 4000; at += 1) line += (at === 0 ? '' : ' ') + show(values[at]).slice(0, 4000);
      host.log(level, stringify(line));
    };
  }
  defineProperty(globalThis, 'console', { value: console, writable: true, configurable: true });

  const inputs = [];
  for (let at = 0; at < host.count; at += 1) {
    const bytes = () => new Bytes(host.bytes(at));
    const asText = () => parse(host.text(at));
    inputs[at] = { name: parse(host.name(at)), path: parse(host.path(at)), size: host.size(at), bytes, text: asText, json: () => parse(asText()) };
  }

  const files = {
    write: (name, data) => {
      if (typeof data === 'string') return host.writeText(stringify(text(name)), stringify(data));
      let view = data;
      if (data instanceof ArrayBuffer) view = new Bytes(data);
      else if (ArrayBuffer.isView(data)) view = new Bytes(data.buffer, data.byteOffset, data.byteLength);
      else throw new TypeError('A file is a string, an ArrayBuffer or a view of one.');
      const copy = new Bytes(view.length);
      copy.set(view);
      host.writeBytes(stringify(text(name)), copy.buffer);
    },
  };

  const fail = (thrown) => {
    let name = '';
    let message;
    let place = '';
    try {
      if (typeof thrown === 'object' && thrown !== null) {
        name = text(thrown.name ?? 'Error');
        message = text(thrown.message ?? '');
        place = text(thrown.stack ?? '');
      } else message = text(thrown);
    } catch {
      message = 'The script threw a value that cannot be shown.';
    }
    host.fail(stringify(name.slice(0, 200)), stringify(message.slice(0, 4000)), stringify(place.slice(0, 4000)));
  };
  const succeed = (value) => {
    try {
      const json = value === undefined ? 'null' : stringify(value);
      if (typeof json === 'string') host.succeed(json);
      else host.fail('"TypeError"', '"The result is no JSON: it is a function or a symbol."', '""');
    } catch (thrown) {
      fail(thrown);
    }
  };
  try {
    const main = new AsyncFunction('args', 'inputs', 'files', parse(sourceText));
    invoke(then, main(parse(argsText), inputs, files), succeed, fail);
  } catch (thrown) {
    fail(thrown);
  }
})`;
