/** Ecosystem of a package, as in a purl; `file` for code that has no manifest. */
export type PackageType = 'npm' | 'cargo' | 'composer' | 'pypi' | 'golang' | 'gem' | 'maven' | 'generic';

/** What somebody declared about a package's license, and where. */
export interface Declaration {
  /** As written. */
  readonly text: string;
  /** Several texts of one list are a choice (`or`) or all apply (`and`). */
  readonly joined?: 'or' | 'and';
  /** Path of the file that says so. */
  readonly path: string;
}

/** A package, or the scanned project itself, whose license is to be found. */
export interface Subject {
  readonly type: PackageType;
  readonly name: string;
  readonly version: string | undefined;
  readonly purl: string | undefined;
  /** Member of the scanned project: reported, but not held against the policy. */
  readonly isProject: boolean;
  /** Not part of what is shipped; `undefined` when no source says. */
  readonly isDevelopment: boolean | undefined;
  readonly declarations: Declaration[];
  /** Directories where it is installed or vendored, relative to the scanned one. */
  readonly directories: string[];
  /** Places that were looked at, for an UNKNOWN. */
  readonly lookedAt: string[];
}

/** One key for what different sources say about one package. */
export function subjectKey({
  type,
  name,
  version,
  isProject,
}: Pick<Subject, 'type' | 'name' | 'version' | 'isProject'>): string {
  return `${isProject ? 'project' : type} ${name} ${version ?? ''}`;
}

function bothDevelopment(a: boolean | undefined, b: boolean | undefined): boolean | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a && b;
}

/** All subjects of a scan; what several sources say about one package comes together. */
export class Subjects {
  readonly #all = new Map<string, Subject>();

  /** Adds a subject or what is new about a known one. */
  add(
    found: Omit<Subject, 'declarations' | 'directories' | 'lookedAt'> & {
      readonly declarations?: readonly Declaration[];
      readonly directory?: string;
      readonly seenIn: string;
    },
  ): Subject {
    const key = subjectKey(found);
    const { declarations = [], directory, seenIn, ...rest } = found;
    const known = this.#all.get(key);
    const subject: Subject = {
      ...(known ?? rest),
      purl: known?.purl ?? rest.purl,
      isDevelopment: bothDevelopment(known?.isDevelopment, rest.isDevelopment),
      declarations: [...(known?.declarations ?? []), ...declarations],
      directories: [...(known?.directories ?? []), ...(directory === undefined ? [] : [directory])],
      lookedAt: [...new Set([...(known?.lookedAt ?? []), seenIn])],
    };
    this.#all.set(key, subject);
    return subject;
  }

  /** Sorted by type, name and version. */
  list(): Subject[] {
    return [...this.#all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, subject]) => subject);
  }

  get size(): number {
    return this.#all.size;
  }
}
