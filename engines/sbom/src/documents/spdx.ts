import type { LockfileInventory, PackageHash } from '../model.ts';
import {
  type Bill,
  type BillItem,
  compareText,
  createBill,
  type DocumentOptions,
  type DocumentSubject,
} from './bill.ts';
import { TOOL_NAME } from './cyclonedx.ts';
import { sha256Hex } from './sha256.ts';
import { SpdxLicenses } from './spdx-licenses.ts';
import { parseTimestamp } from './timestamp.ts';
import { toUri } from './uri.ts';

/**
 * Where documents of this engine have their names. A namespace only has to be unique, it is not fetched; `.example`
 * (RFC 2606) can belong to nobody.
 */
const NAMESPACE = 'https://mex.example/spdx/';
const NO_DIGEST = '0'.repeat(64);
const ROOT_ID = 'SPDXRef-Subject';

interface Relationship {
  readonly spdxElementId: string;
  readonly relationshipType: string;
  readonly relatedSpdxElement: string;
}

/**
 * Writes one SPDX 2.3 JSON document for everything the inventories hold. Equal arguments give equal bytes: the
 * namespace ends in the document's own SHA-256.
 *
 * @throws RangeError when `options.timestamp` is no RFC 3339 instant.
 */
export function writeSpdx(
  inventories: readonly LockfileInventory[],
  subject: DocumentSubject,
  options: DocumentOptions,
): string {
  const bill = createBill(inventories);
  const licenses = new SpdxLicenses();
  const ids = assignIds(bill);
  const unread = options.unread ?? [];
  const namespace = `${NAMESPACE}${encodeURIComponent(subject.name.toWellFormed())}/${NO_DIGEST}`;
  const packages = [createSubject(subject, licenses), ...createPackages(bill, ids, licenses)];
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: subject.version === undefined ? subject.name : `${subject.name}-${subject.version}`,
    documentNamespace: namespace,
    ...(unread.length === 0 ? {} : { comment: `Incomplete. Lockfiles that could not be read: ${unread.join(', ')}` }),
    creationInfo: {
      // SPDX asks for whole seconds.
      created: parseTimestamp(options.timestamp)
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
      creators: [
        `Tool: MEX ${TOOL_NAME}-${options.toolVersion}`,
        ...(options.foundBy === undefined
          ? []
          : [`Tool: ${options.foundBy.name}-${options.foundBy.version ?? 'unknown'}`]),
      ],
    },
    packages,
    ...licenses.extracted(),
    relationships: relationships(bill, ids),
  };
  const text = JSON.stringify(document, null, options.indent ?? 2);
  return text.replace(namespace, namespace.replace(NO_DIGEST, sha256Hex(text)));
}

/** SPDX identifiers hold letters, digits, dots and dashes only; equal ones are numbered in the order of their references. */
function assignIds(bill: Bill): Map<string, string> {
  const ids = new Map<string, string>();
  const used = new Set<string>([ROOT_ID]);
  const counts = new Map<string, number>();
  const items = [...bill.projects.flatMap(({ members }) => members), ...bill.packages];
  const single = bill.projects.length === 1;
  const wanted: [string, string][] = bill.projects.map(({ ref, inventory }) => [ref, `Project-${inventory.path}`]);
  for (const { ref, entry } of items.toSorted((a, b) => compareText(a.ref, b.ref))) {
    wanted.push([ref, ['Package', entry.type, entry.name, entry.version ?? ''].filter(Boolean).join('-')]);
  }
  for (const [ref, name] of wanted) {
    const base = `SPDXRef-${name.replace(/[^A-Za-z0-9.]+/g, '-')}`;
    let id = base;
    for (let count = (counts.get(base) ?? 1) + 1; used.has(id); count++) {
      id = `${base}-${count}`;
      counts.set(base, count);
    }
    used.add(id);
    ids.set(ref, id);
  }
  ids.set(bill.rootRef, ROOT_ID);
  if (single) for (const { ref } of bill.projects) ids.set(ref, ROOT_ID);
  return ids;
}

function createSubject(subject: DocumentSubject, licenses: SpdxLicenses): object {
  return describe(ROOT_ID, subject.name, {
    version: subject.version,
    license: licenses.declare(subject.licenses ?? []),
    purpose: 'APPLICATION',
  });
}

function createPackages(bill: Bill, ids: ReadonlyMap<string, string>, licenses: SpdxLicenses): object[] {
  const found: object[] = [];
  for (const { ref, inventory, members } of bill.projects) {
    const { name = inventory.path, version, licenses: texts = [] } = inventory.root;
    if (bill.projects.length > 1) {
      const license = licenses.declare(texts);
      found.push(describe(ids.get(ref) ?? ref, name, { version, license, purpose: 'APPLICATION' }));
    }
    for (const member of members) found.push(createPackage(member, ids, licenses));
  }
  for (const item of bill.packages) found.push(createPackage(item, ids, licenses));
  return found;
}

function createPackage(item: BillItem, ids: ReadonlyMap<string, string>, licenses: SpdxLicenses): object {
  const { entry, purl, ref } = item;
  const remarks = [
    entry.dev ? 'Development only.' : '',
    entry.optional ? 'Optional.' : '',
    entry.alias === undefined ? '' : `Installed as ${entry.alias}.`,
  ];
  const comment = remarks.filter(Boolean).join(' ');
  return describe(ids.get(ref) ?? ref, entry.name, {
    version: entry.version,
    license: licenses.declare(entry.licenses),
    purpose: 'LIBRARY',
    download: downloadLocation(item),
    more: {
      ...(entry.hashes.length === 0 ? {} : { checksums: entry.hashes.map(checksum) }),
      ...(purl === undefined ? {} : { externalRefs: [purlReference(purl)] }),
      ...(comment === '' ? {} : { comment }),
    },
  });
}

interface Description {
  readonly version: string | undefined;
  readonly license: string;
  readonly purpose: 'APPLICATION' | 'LIBRARY';
  readonly download?: string;
  readonly more?: object;
}

function describe(id: string, name: string, what: Description): object {
  return {
    SPDXID: id,
    name,
    ...(what.version === undefined ? {} : { versionInfo: what.version }),
    downloadLocation: what.download ?? 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: what.license,
    copyrightText: 'NOASSERTION',
    primaryPackagePurpose: what.purpose,
    ...what.more,
  };
}

function checksum({ algorithm, hex }: PackageHash): object {
  return { algorithm: algorithm.replace('-', ''), checksumValue: hex };
}

function purlReference(purl: string): object {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl };
}

function downloadLocation({ entry }: BillItem): string {
  const { kind, url, commit } = entry.source;
  const uri = url === undefined || kind === 'path' || kind === 'workspace' ? undefined : toUri(url);
  if (uri === undefined) return 'NOASSERTION';
  if (kind !== 'git') return uri;
  const vcs = /^git[+:]/.test(uri) ? uri : `git+${uri}`;
  return commit === undefined ? vcs : `${vcs}@${commit}`;
}

/** An edge from a project into a development-only package says so; further down every edge is a plain dependency. */
function relationships(bill: Bill, ids: ReadonlyMap<string, string>): Relationship[] {
  const found: Relationship[] = [];
  const add = (from: string, type: string, to: string): void => {
    const [spdxElementId = from, relatedSpdxElement = to] = [ids.get(from), ids.get(to)];
    found.push({ spdxElementId, relationshipType: type, relatedSpdxElement });
  };
  const entries = new Map(bill.packages.map((item) => [item.ref, item.entry]));
  add('SPDXRef-DOCUMENT', 'DESCRIBES', bill.rootRef);
  for (const project of bill.projects) {
    if (bill.projects.length > 1) add(bill.rootRef, 'CONTAINS', project.ref);
    for (const member of project.members) {
      add(project.ref, 'CONTAINS', member.ref);
      for (const ref of member.dependsOn) add(member.ref, 'DEPENDS_ON', ref);
    }
    for (const ref of project.dependsOn) {
      const entry = entries.get(ref);
      if (entry?.dev === true) add(ref, 'DEV_DEPENDENCY_OF', project.ref);
      else if (entry?.optional === true) add(ref, 'OPTIONAL_DEPENDENCY_OF', project.ref);
      else add(project.ref, 'DEPENDS_ON', ref);
    }
  }
  for (const item of bill.packages) for (const ref of item.dependsOn) add(item.ref, 'DEPENDS_ON', ref);
  return found;
}
