import { ComponentType, LifecyclePhase } from '@cyclonedx/cyclonedx-library/Enums';
import {
  Bom,
  Component,
  ComponentRepository,
  LifecycleRepository,
  Metadata,
  Property,
  PropertyRepository,
  Tools,
} from '@cyclonedx/cyclonedx-library/Models';
import { Spec1dot7 } from '@cyclonedx/cyclonedx-library/Spec';
import type { LockfileInventory } from '../model.ts';
import { type Bill, type BillProject, createBill, type DocumentOptions, type DocumentSubject } from './bill.ts';
import { connect, createComponent, createLicenses } from './cyclonedx-component.ts';
import { NormalizerFactory } from './cyclonedx-library.ts';
import { sha256Hex } from './sha256.ts';
import { parseTimestamp } from './timestamp.ts';

/** Takes the place of the serial number while the document's own digest is not known yet. */
const NO_SERIAL = 'urn:uuid:00000000-0000-0000-0000-000000000000';

/** Engine id as it appears in documents. */
export const TOOL_NAME = 'engine.supply_chain.sbom';

/**
 * Writes one CycloneDX 1.7 JSON document for everything the inventories hold. Equal arguments give equal bytes: the
 * serial number is derived from the document's SHA-256.
 *
 * @throws RangeError when `options.timestamp` is no RFC 3339 instant.
 */
export function writeCycloneDx(
  inventories: readonly LockfileInventory[],
  subject: DocumentSubject,
  options: DocumentOptions,
): string {
  const bill = createBill(inventories);
  const bom = new Bom({ metadata: createMetadata(bill, subject, options), serialNumber: NO_SERIAL });
  const all = collectMembers(bill, bom.metadata.component);
  const isPlural = bill.projects.length > 1;
  for (const item of bill.packages) {
    const component = createComponent(item, isPlural);
    all.set(item.ref, component);
    bom.components.add(component);
  }
  connectAll(bill, bom.metadata.component, all);
  const normalized = new NormalizerFactory(Spec1dot7).makeForBom().normalize(bom, { sortLists: false });
  const text = JSON.stringify({ ...normalized, compositions: compositions(bill, options) }, null, options.indent ?? 2);
  return text.replace(NO_SERIAL, serialNumber(text));
}

/** A UUID of version 8 (RFC 9562: made by the application) from the first 122 free bits of the document's digest. */
function serialNumber(text: string): string {
  const hex = sha256Hex(text);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ];
  return `urn:uuid:${groups.join('-')}`;
}

function createMetadata(bill: Bill, subject: DocumentSubject, options: DocumentOptions): Metadata {
  const tool = new Component(ComponentType.Application, TOOL_NAME, {
    group: 'MEX',
    version: options.toolVersion,
    bomRef: 'mex:tool',
  });
  const component = new Component(ComponentType.Application, subject.name, {
    bomRef: bill.rootRef,
    ...(subject.version === undefined ? {} : { version: subject.version }),
    licenses: createLicenses(subject.licenses ?? []),
  });
  const [only] = bill.projects;
  if (bill.projects.length === 1 && only !== undefined) component.properties = lockfileProperties(only);
  const unread = (options.unread ?? []).map((path) => new Property('mex:lockfile:unread', path));
  return new Metadata({
    timestamp: parseTimestamp(options.timestamp),
    lifecycles: new LifecycleRepository([LifecyclePhase.PreBuild]),
    tools: new Tools({ components: new ComponentRepository([tool, ...foundBy(options)]) }),
    component,
    properties: new PropertyRepository(unread),
  });
}

function foundBy({ foundBy: tool }: DocumentOptions): Component[] {
  if (tool === undefined) return [];
  const { name, version } = tool;
  const more = version === undefined ? {} : { version };
  return [new Component(ComponentType.Application, name, { bomRef: 'mex:found-by', ...more })];
}

function lockfileProperties({ inventory }: BillProject): PropertyRepository {
  return new PropertyRepository([
    new Property('mex:lockfile', inventory.path),
    new Property('mex:lockfile:format', inventory.format),
  ]);
}

/** Workspace members are parts of their project; with several lockfiles each lockfile's project is a part of the subject. */
function collectMembers(bill: Bill, root: Component | undefined): Map<string, Component> {
  const all = new Map<string, Component>();
  if (root === undefined) return all;
  all.set(bill.rootRef, root);
  for (const project of bill.projects) {
    const owner: Component = bill.projects.length === 1 ? root : createProject(project);
    if (owner !== root) root.components.add(owner);
    all.set(project.ref, owner);
    for (const member of project.members) {
      const component = createComponent(member, false);
      all.set(member.ref, component);
      owner.components.add(component);
    }
  }
  return all;
}

function createProject(project: BillProject): Component {
  const { root, path } = project.inventory;
  return new Component(ComponentType.Application, root.name ?? path, {
    bomRef: project.ref,
    ...(root.version === undefined ? {} : { version: root.version }),
    licenses: createLicenses(root.licenses ?? []),
    properties: lockfileProperties(project),
  });
}

function connectAll(bill: Bill, root: Component | undefined, all: ReadonlyMap<string, Component>): void {
  for (const item of bill.packages) {
    const component = all.get(item.ref);
    if (component !== undefined) connect(component, item.dependsOn, all);
  }
  for (const project of bill.projects) {
    const owner = all.get(project.ref);
    if (owner !== undefined) connect(owner, project.dependsOn, all);
    for (const member of project.members) {
      const component = all.get(member.ref);
      if (component !== undefined) connect(component, member.dependsOn, all);
    }
  }
  if (root !== undefined && bill.projects.length > 1)
    connect(
      root,
      bill.projects.map(({ ref }) => ref),
      all,
    );
}

/** Says for which components `dependencies` is the whole truth, so that nobody reads silence as independence. */
function compositions(bill: Bill, options: DocumentOptions): object[] {
  const isSingle = bill.projects.length === 1;
  const complete: string[] = [];
  const incomplete: string[] = [];
  const unread = options.unread ?? [];
  if (!isSingle) (unread.length === 0 ? complete : incomplete).push(bill.rootRef);
  for (const { ref, inventory, members } of bill.projects) {
    const list = inventory.graph === 'complete' && (!isSingle || unread.length === 0) ? complete : incomplete;
    list.push(isSingle ? bill.rootRef : ref, ...members.map((member) => member.ref));
  }
  for (const item of bill.packages) (item.hasAllEdges ? complete : incomplete).push(item.ref);
  const found: object[] = [];
  if (complete.length > 0) found.push({ aggregate: 'complete', dependencies: complete });
  if (incomplete.length > 0) found.push({ aggregate: 'incomplete', dependencies: incomplete });
  if (unread.length > 0) found.push({ aggregate: 'incomplete', assemblies: [bill.rootRef] });
  return found;
}
