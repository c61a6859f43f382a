/** Where in a tree a file lies, as far as it tells whose it is. */
export interface Place {
  /** Outside of every directory that holds other people's code. */
  readonly isProject: boolean;
  /** The name by which a package is installed or vendored, when the file lies at the top of one. */
  readonly vendored: string | undefined;
  /** Somewhere inside of another package. */
  readonly isInside: boolean;
}

const PROJECT: Place = { isProject: true, vendored: undefined, isInside: false };
const INSIDE: Place = { isProject: false, vendored: undefined, isInside: true };
const ROOMS = ['node_modules', 'vendor', 'third_party', 'site-packages'];

/** The place of a file, by its path alone. */
export function placeOf(path: string): Place {
  const parts = path.split('/');
  const room = parts.findLastIndex((part, index) => index < parts.length - 1 && ROOMS.includes(part));
  if (room < 0) return PROJECT;
  const below = parts.slice(room + 1, -1);
  const name = below.join('/');
  const depth = depthOf(parts[room] ?? '', below);
  if (below.length === 0 || below[0]?.startsWith('.') === true) return INSIDE;
  return depth.includes(below.length) ? { isProject: false, vendored: name, isInside: false } : INSIDE;
}

/** How many directories deep the packages of a room lie. */
function depthOf(room: string, below: readonly string[]): readonly number[] {
  if (room === 'node_modules') return below[0]?.startsWith('@') === true ? [2] : [1];
  if (room === 'site-packages') return /\.(?:dist|egg)-info$/.test(below[0] ?? '') ? [1, 2] : [];
  // Crates lie one deep, Composer packages two, Go modules by their path.
  return room === 'vendor' ? [1, 2, 3, 4] : [1];
}
