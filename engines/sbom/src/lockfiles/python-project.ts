import type { LockfileInput, LockfileInventory, ReadWarning } from '../model.ts';
import type { DependencyGroup } from './npm-family-reach.ts';
import { type Fields, fieldPairs, fieldsAt, flagAt, isFields, textAt, valueAt } from './npm-family-record.ts';
import { normalizePythonName, parseRequirement } from './python-name.ts';
import { readTomlManifest, textsAt } from './toml-document.ts';

/** What a pyproject.toml says about the project. */
export interface PythonProject {
  readonly root: LockfileInventory['root'];
  /** Normalised name → how the project asks for it. Empty without a manifest. */
  readonly groups: ReadonlyMap<string, DependencyGroup>;
  readonly warning?: ReadWarning;
}

/** Reads `pyproject.toml`: PEP 621, PEP 735 dependency groups, and Poetry's own tables. */
export async function readPythonProject(input: LockfileInput): Promise<PythonProject> {
  const { fields, warning } = await readTomlManifest(input, 'pyproject.toml');
  if (fields === undefined) return { root: {}, groups: new Map(), ...(warning === undefined ? {} : { warning }) };
  const project = fieldsAt(fields, 'project');
  const poetry = fieldsAt(fieldsAt(fields, 'tool'), 'poetry');
  return { root: rootOf(project, poetry), groups: groupsOf(fields, project, poetry) };
}

function rootOf(project: Fields, poetry: Fields): LockfileInventory['root'] {
  const name = textAt(project, 'name') ?? textAt(poetry, 'name');
  const version = textAt(project, 'version') ?? textAt(poetry, 'version');
  const license =
    textAt(project, 'license') ?? textAt(fieldsAt(project, 'license'), 'text') ?? textAt(poetry, 'license');
  return {
    ...(name === undefined ? {} : { name: normalizePythonName(name) }),
    ...(version === undefined ? {} : { version }),
    // Before PEP 639 the field could hold a whole license text.
    ...(license === undefined || license.length > 200 ? {} : { licenses: [license] }),
  };
}

function groupsOf(fields: Fields, project: Fields, poetry: Fields): Map<string, DependencyGroup> {
  const groups = new Map<string, DependencyGroup>();
  const add = (name: string, group: DependencyGroup): void => {
    const known = groups.get(name);
    const keeps = known === 'prod' || (known === 'optional' && group === 'dev');
    if (!keeps) groups.set(name, group);
  };
  const addTexts = (texts: readonly string[], group: DependencyGroup): void => {
    for (const text of texts) {
      const requirement = parseRequirement(text);
      if (requirement !== undefined) add(requirement.name, group);
    }
  };
  const addTable = (table: Fields, group: DependencyGroup): void => {
    for (const [name, wish] of Object.entries(table)) {
      if (name === 'python') continue;
      const isOptional = group === 'prod' && isFields(wish) && flagAt(wish, 'optional');
      add(normalizePythonName(name), isOptional ? 'optional' : group);
    }
  };
  addTexts(textsAt(project, 'dependencies'), 'prod');
  const extras = fieldsAt(project, 'optional-dependencies');
  for (const extra of Object.keys(extras)) addTexts(textsAt(extras, extra), 'optional');
  const named = fieldsAt(fields, 'dependency-groups');
  for (const group of Object.keys(named)) addTexts(textsAt(named, group), 'dev');
  // With PEP 621, Poetry's own table only adds sources to what [project] lists.
  if (valueAt(project, 'dependencies') === undefined) addTable(fieldsAt(poetry, 'dependencies'), 'prod');
  addTable(fieldsAt(poetry, 'dev-dependencies'), 'dev');
  for (const [name, group] of fieldPairs(fieldsAt(poetry, 'group'))) {
    addTable(fieldsAt(group, 'dependencies'), name === 'main' ? 'prod' : 'dev');
  }
  return groups;
}
