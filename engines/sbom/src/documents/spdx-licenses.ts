import { compareText } from './bill.ts';
import { parseLicense } from './license-text.ts';
import { sha256Hex } from './sha256.ts';

interface ExtractedLicense {
  readonly licenseId: string;
  readonly name: string;
  readonly extractedText: string;
  readonly comment: string;
}

/** Turns declared license texts into SPDX expressions and keeps those that are none as `LicenseRef-…`. */
export class SpdxLicenses {
  readonly #extracted = new Map<string, ExtractedLicense>();

  /**
   * The `licenseDeclared` of a package. Several texts are joined by OR: Composer, and npm's old list form, mean a choice.
   */
  declare(texts: readonly string[]): string {
    const parts = texts.filter((text) => text.trim() !== '').map((text) => this.#express(text));
    const [first] = parts;
    if (first === undefined) return 'NOASSERTION';
    return parts.length === 1 ? first : parts.map((part) => (part.includes(' ') ? `(${part})` : part)).join(' OR ');
  }

  /** The document's own license texts, sorted by identifier; nothing when there are none. */
  extracted(): { hasExtractedLicensingInfos?: readonly ExtractedLicense[] } {
    if (this.#extracted.size === 0) return {};
    const sorted = [...this.#extracted.values()].toSorted((a, b) => compareText(a.licenseId, b.licenseId));
    return { hasExtractedLicensingInfos: sorted };
  }

  /** Expressions that refer to licenses of some other document mean nothing in this one, so they count as texts too. */
  #express(text: string): string {
    const license = parseLicense(text);
    if (license.kind === 'id') return license.id;
    if (license.kind === 'expression' && !license.hasReferences) return license.expression;
    const name = license.kind === 'expression' ? license.expression : license.name;
    const licenseId = `LicenseRef-${sha256Hex(name).slice(0, 16)}`;
    const comment = 'Declared in the lockfile or manifest; no SPDX license expression.';
    this.#extracted.set(licenseId, { licenseId, name, extractedText: name, comment });
    return licenseId;
  }
}
