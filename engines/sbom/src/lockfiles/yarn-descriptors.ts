/** A dependency as Yarn writes it: `name@range`. */
export interface Descriptor {
  readonly name: string;
  readonly range: string;
}

/** Splits `name@range`; the `@` of a scope does not count. A text without range has the range `''`. */
export function parseDescriptor(text: string): Descriptor {
  const at = text.indexOf('@', 1);
  return at < 0 ? { name: text, range: '' } : { name: text.slice(0, at), range: text.slice(at + 1) };
}

/** Different `resolutions` of one package that are tried; more are a manifest made to waste time. */
const MAX_RESOLUTIONS = 64;

/**
 * Finds the locked package for a descriptor. The lockfile holds descriptors as they were after `resolutions` rewrote them, so
 * one that is not there is looked up the way Yarn rewrote it, then by name alone if that leaves one choice.
 */
export class DescriptorIndex {
  readonly #exact = new Map<string, string>();
  readonly #byName = new Map<string, Set<string>>();
  readonly #resolutions = new Map<string, string[]>();

  /** @param resolutions the root manifest's `resolutions`: selector (`a`, `parent/a`, `a@range`) → specifier. */
  constructor(resolutions: readonly (readonly [string, string])[]) {
    for (const [selector, specifier] of resolutions) {
      const name = /(?:^|\/)((?:@[^/@]+\/)?[^/@]+)(?:@[^/]*(?:\/.*)?)?$/.exec(selector.slice(0, 1024))?.[1];
      if (name === undefined) continue;
      const known = this.#resolutions.get(name);
      if (known === undefined) this.#resolutions.set(name, [specifier]);
      else if (known.length < MAX_RESOLUTIONS) known.push(specifier);
    }
  }

  add(descriptor: string, key: string): void {
    const { name, range } = parseDescriptor(descriptor);
    if (!this.#exact.has(descriptor)) this.#exact.set(descriptor, key);
    // `::locator=…` only says which package the path is relative to.
    const bindings = range.indexOf('::');
    const plain = bindings < 0 ? undefined : `${name}@${range.slice(0, bindings)}`;
    if (plain !== undefined && !this.#exact.has(plain)) this.#exact.set(plain, key);
    const keys = this.#byName.get(name);
    if (keys === undefined) this.#byName.set(name, new Set([key]));
    else keys.add(key);
  }

  find({ name, range }: Descriptor): string | undefined {
    for (const wanted of [range, ...(this.#resolutions.get(name) ?? [])]) {
      const found = this.#exact.get(`${name}@${wanted}`) ?? this.#exact.get(`${name}@npm:${wanted}`);
      if (found !== undefined) return found;
    }
    return this.onlyOne(name);
  }

  /** The package of that name if there is exactly one. */
  onlyOne(name: string): string | undefined {
    const keys = this.#byName.get(name);
    return keys?.size === 1 ? keys.values().next().value : undefined;
  }
}
