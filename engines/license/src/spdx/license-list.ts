import { EXCEPTIONS, LICENSES } from '../text/spdx-index.ts';

/** One license of the SPDX list. */
export interface ListedLicense {
  readonly id: string;
  readonly name: string;
  readonly isDeprecated: boolean;
}

interface Lists {
  readonly licenses: ReadonlyMap<string, ListedLicense>;
  readonly exceptions: ReadonlyMap<string, string>;
}

let lists: Lists | undefined;

function listed(): Lists {
  lists ??= readLists();
  return lists;
}

function readLists(): Lists {
  const licenses = LICENSES.split('\n').map((line) => {
    const isDeprecated = line.startsWith('~');
    const [id = '', name = ''] = line.slice(isDeprecated ? 1 : 0).split('\t');
    return { id, name, isDeprecated };
  });
  return {
    licenses: new Map(licenses.map((license) => [license.id.toLowerCase(), license])),
    exceptions: new Map(EXCEPTIONS.split(' ').map((id) => [id.toLowerCase(), id])),
  };
}

/** Every license of the SPDX list, sorted by id. */
export function listedLicenses(): Iterable<ListedLicense> {
  return listed().licenses.values();
}

/** A license by its id; SPDX ids are compared without regard to case. */
export function findLicense(id: string): ListedLicense | undefined {
  return listed().licenses.get(id.toLowerCase());
}

/** The right spelling of an exception's id; `undefined` when there is none such. */
export function findException(id: string): string | undefined {
  return listed().exceptions.get(id.toLowerCase());
}
