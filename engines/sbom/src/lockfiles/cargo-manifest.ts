import type { LockfileInput, LockfileInventory, ReadWarning } from '../model.ts';
import type { DependencyGroup } from './npm-family-reach.ts';
import { type Fields, fieldPairs, fieldsAt, flagAt, isFields, textAt, valueAt } from './npm-family-record.ts';
import { readTomlManifest } from './toml-document.ts';

/** How a crate of the project asks for its dependencies, by their real names. */
export interface CargoManifest {
  readonly groups: ReadonlyMap<string, DependencyGroup>;
}

/** Manifests read for one lockfile; workspaces beyond this are marked from what was read. */
const MAX_MANIFESTS = 2000;

/** The manifests of the project's own crates, found by crate name among the files below the lockfile. */
export async function readCargoManifests(
  input: LockfileInput,
  crateNames: ReadonlySet<string>,
): Promise<{
  readonly manifests: ReadonlyMap<string, CargoManifest>;
  readonly root: LockfileInventory['root'];
  readonly warnings: readonly ReadWarning[];
}> {
  const top = await readTomlManifest(input, 'Cargo.toml');
  const workspace = fieldsAt(top.fields ?? {}, 'workspace');
  const manifests = new Map<string, CargoManifest>();
  const warnings: ReadWarning[] = top.warning === undefined ? [] : [top.warning];
  const take = (fields: Fields): void => {
    const name = textAt(fieldsAt(fields, 'package'), 'name');
    if (name !== undefined && crateNames.has(name)) manifests.set(name, { groups: groupsOf(fields, workspace) });
  };
  if (top.fields !== undefined) take(top.fields);
  for (const path of memberManifests(input)) {
    if (manifests.size >= crateNames.size) break;
    const { fields, warning } = await readTomlManifest(input, path);
    if (fields !== undefined) take(fields);
    if (warning !== undefined) warnings.push(warning);
  }
  return { manifests, root: rootOf(top.fields ?? {}, workspace), warnings };
}

function memberManifests(input: LockfileInput): string[] {
  const directory = input.path.slice(0, input.path.lastIndexOf('/') + 1);
  const below = input.files.filter((file) => file.startsWith(directory) && file.endsWith('/Cargo.toml'));
  const relative = below.map((file) => file.slice(directory.length)).filter((file) => file !== 'Cargo.toml');
  return relative.filter((file) => !/(?:^|\/)(?:target|vendor|node_modules)\//.test(file)).slice(0, MAX_MANIFESTS);
}

function rootOf(fields: Fields, workspace: Fields): LockfileInventory['root'] {
  const own = fieldsAt(fields, 'package');
  const inherited = fieldsAt(workspace, 'package');
  const read = (name: string): string | undefined =>
    textAt(own, name) ?? (isFields(valueAt(own, name)) ? textAt(inherited, name) : undefined);
  const [name, version, license] = [textAt(own, 'name'), read('version'), read('license')];
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    // Cargo once wrote `MIT/Apache-2.0` for a choice.
    ...(license === undefined ? {} : { licenses: [license.replaceAll('/', ' OR ')] }),
  };
}

function groupsOf(fields: Fields, workspace: Fields): Map<string, DependencyGroup> {
  const groups = new Map<string, DependencyGroup>();
  const shared = fieldsAt(workspace, 'dependencies');
  const targets = fieldPairs(fieldsAt(fields, 'target')).map(([, target]) => target);
  for (const owner of [fields, ...targets]) {
    for (const [field, group] of FIELDS) {
      for (const [alias, wish] of Object.entries(fieldsAt(owner, field))) {
        const detail = isFields(wish) ? wish : {};
        const inherited = fieldsAt(shared, alias);
        const name =
          textAt(detail, 'package') ?? (flagAt(detail, 'workspace') ? textAt(inherited, 'package') : undefined);
        const asked: DependencyGroup = group === 'prod' && flagAt(detail, 'optional') ? 'optional' : group;
        const known = groups.get(name ?? alias);
        groups.set(name ?? alias, known === undefined ? asked : stronger(known, asked));
      }
    }
  }
  return groups;
}

const FIELDS: readonly (readonly [string, DependencyGroup])[] = [
  ['dependencies', 'prod'],
  ['build-dependencies', 'prod'],
  ['build_dependencies', 'prod'],
  ['dev-dependencies', 'dev'],
  ['dev_dependencies', 'dev'],
];

/** A crate asked for in several tables is needed as much as the strongest of them says. */
function stronger(a: DependencyGroup, b: DependencyGroup): DependencyGroup {
  if (a === 'prod' || b === 'prod') return 'prod';
  return a === 'optional' || b === 'optional' ? 'optional' : 'dev';
}
