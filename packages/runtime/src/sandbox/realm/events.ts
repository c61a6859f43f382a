import { hide } from './object.ts';

/** `DOMException` as far as libraries look at it. */
export class DomException extends Error {
  readonly code: number;
  constructor(message = '', name: unknown = 'Error') {
    super(String(message));
    hide(this, 'name', String(name));
    this.code = name === 'AbortError' ? 20 : name === 'DataCloneError' ? 25 : name === 'InvalidCharacterError' ? 5 : 0;
  }
}
Object.defineProperty(DomException, 'name', { value: 'DOMException' });

class RealmEvent {
  readonly type: string;
  readonly cancelable: boolean;
  target: unknown = null;
  defaultPrevented = false;
  stopped = false;
  constructor(type: unknown, options?: { cancelable?: unknown }) {
    this.type = String(type);
    this.cancelable = options?.cancelable === true;
  }
  get currentTarget(): unknown {
    return this.target;
  }
  preventDefault(): void {
    if (this.cancelable) this.defaultPrevented = true;
  }
  stopPropagation(): void {}
  stopImmediatePropagation(): void {
    this.stopped = true;
  }
}
Object.defineProperty(RealmEvent, 'name', { value: 'Event' });

interface Listener {
  readonly callback: unknown;
  readonly once: boolean;
}

/** Node's own event target would hand out message ports and internals; this one has nothing behind it. */
class RealmEventTarget {
  readonly #listeners = new Map<string, Listener[]>();
  addEventListener(type: unknown, callback: unknown, options?: unknown): void {
    if (typeof callback !== 'function' && (typeof callback !== 'object' || callback === null)) return;
    const settings = typeof options === 'object' && options !== null ? options : {};
    const listeners = this.#listeners.get(String(type)) ?? [];
    if (listeners.some((listener) => listener.callback === callback)) return;
    const signal: unknown = Reflect.get(settings, 'signal');
    if (signal instanceof RealmAbortSignal) {
      if (signal.aborted) return;
      signal.addEventListener('abort', () => this.removeEventListener(type, callback), { once: true });
    }
    const added = { callback, once: Reflect.get(settings, 'once') === true };
    // A new list each time: a dispatch that runs now keeps the one it started with.
    this.#listeners.set(String(type), [...listeners, added]);
  }
  removeEventListener(type: unknown, callback: unknown): void {
    const listeners = this.#listeners.get(String(type));
    const left = listeners?.filter((listener) => listener.callback !== callback) ?? [];
    this.#listeners.set(String(type), left);
  }
  dispatchEvent(event: RealmEvent): boolean {
    event.target = this;
    for (const listener of this.#listeners.get(event.type) ?? []) {
      if (listener.once) this.removeEventListener(event.type, listener.callback);
      callListener(listener.callback, this, event);
      if (event.stopped) break;
    }
    return !event.defaultPrevented;
  }
}
Object.defineProperty(RealmEventTarget, 'name', { value: 'EventTarget' });

/** A listener that throws does not stop the others; its error becomes a rejection that nobody handles. */
function callListener(callback: unknown, target: object, event: RealmEvent): void {
  try {
    if (typeof callback === 'function') Reflect.apply(callback, target, [event]);
    else if (typeof callback === 'object' && callback !== null) {
      const method: unknown = Reflect.get(callback, 'handleEvent');
      if (typeof method === 'function') Reflect.apply(method, callback, [event]);
    }
  } catch (thrown) {
    void Promise.reject(thrown);
  }
}

let mayConstruct = false;
/** Only a controller aborts: not reachable from the class. */
let trip: (signal: RealmAbortSignal, reason: unknown) => void;

class RealmAbortSignal extends RealmEventTarget {
  #aborted = false;
  #reason: unknown;
  onabort: unknown = null;
  constructor() {
    super();
    if (!mayConstruct) throw new TypeError('Illegal constructor');
    mayConstruct = false;
  }
  get aborted(): boolean {
    return this.#aborted;
  }
  get reason(): unknown {
    return this.#reason;
  }
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
  static abort(reason?: unknown): RealmAbortSignal {
    const signal = createSignal();
    trip(signal, reason);
    return signal;
  }
  static any(signals: Iterable<RealmAbortSignal>): RealmAbortSignal {
    const combined = createSignal();
    for (const signal of signals) {
      if (signal.aborted) {
        trip(combined, signal.reason);
        break;
      }
      signal.addEventListener('abort', () => trip(combined, signal.reason), { once: true });
    }
    return combined;
  }
  static {
    trip = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason === undefined ? new DomException('This operation was aborted', 'AbortError') : reason;
      const event = new RealmEvent('abort');
      event.target = signal;
      if (typeof signal.onabort === 'function') callListener(signal.onabort, signal, event);
      signal.dispatchEvent(event);
    };
  }
}
Object.defineProperty(RealmAbortSignal, 'name', { value: 'AbortSignal' });

function createSignal(): RealmAbortSignal {
  mayConstruct = true;
  return new RealmAbortSignal();
}

class RealmAbortController {
  readonly #signal = createSignal();
  get signal(): RealmAbortSignal {
    return this.#signal;
  }
  abort(reason?: unknown): void {
    trip(this.#signal, reason);
  }
}
Object.defineProperty(RealmAbortController, 'name', { value: 'AbortController' });

/** Puts the event classes on the global object. */
export function installEvents(): void {
  hide(globalThis, 'DOMException', DomException);
  hide(globalThis, 'Event', RealmEvent);
  hide(globalThis, 'EventTarget', RealmEventTarget);
  hide(globalThis, 'AbortSignal', RealmAbortSignal);
  hide(globalThis, 'AbortController', RealmAbortController);
}
