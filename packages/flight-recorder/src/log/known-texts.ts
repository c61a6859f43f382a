const MAX_KEPT = 256;
const MAX_KEPT_CHARS = 128;

/**
 * The texts that a member had lately, with their JSON. A log repeats its actors, engines, tools, operations and runs
 * without end, and checking, escaping and scanning each time is the dearest part of recording. Forgets all when full.
 */
export class KnownTexts {
  readonly #json = new Map<string, string>();

  jsonOf(text: string): string | undefined {
    return this.#json.get(text);
  }

  add(text: string, json: string): void {
    if (text.length > MAX_KEPT_CHARS) return;
    if (this.#json.size >= MAX_KEPT) this.#json.clear();
    this.#json.set(text, json);
  }
}
