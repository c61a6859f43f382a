import { compareNumbers, createVersionOrder } from './version-order.ts';

interface ComposerVersion {
  readonly numbers: readonly string[];
  readonly stability: number;
  readonly stabilityNumbers: readonly string[];
  readonly isDev: boolean;
}

/** Composer's normalisation: numbers, a stability with its own numbers, a development mark, build metadata without meaning. */
const COMPOSER =
  /^v?(\d+(?:[.:-]\d+)*)(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+(?:[.-]\d+)*)?))?([.-]?dev)?(?:\+[^\s]+)?$/;

const STABILITIES: Readonly<Record<string, number>> = {
  alpha: 1,
  a: 1,
  beta: 2,
  b: 2,
  rc: 3,
  stable: 4,
  patch: 5,
  pl: 5,
  p: 5,
};
const STABLE = 4;

/** Branches (`dev-main`, `1.x-dev`) are names, not versions: nothing orders them. */
function parseComposer(text: string): ComposerVersion | undefined {
  const version = text
    .trim()
    .toLowerCase()
    .replace(/@(?:stable|rc|beta|alpha|dev)$/, '');
  const found = COMPOSER.exec(version);
  if (found === null) return undefined;
  const [, numbers = '', stability, stabilityNumbers = '', dev] = found;
  return {
    numbers: numbers.match(/\d+/g) ?? [],
    stability: stability === undefined ? STABLE : (STABILITIES[stability] ?? STABLE),
    stabilityNumbers: stability === 'stable' ? [] : (stabilityNumbers.match(/\d+/g) ?? []),
    isDev: dev !== undefined,
  };
}

/** PHP's `version_compare` on normalised versions: dev, alpha, beta, RC, release, patch. */
function compareComposer(a: ComposerVersion, b: ComposerVersion): number {
  return (
    compareNumbers(a.numbers, b.numbers) ||
    rank(a) - rank(b) ||
    compareNumbers(a.stabilityNumbers, b.stabilityNumbers) ||
    Number(b.isDev) - Number(a.isDev)
  );
}

/** `1.0.0-dev` comes before `1.0.0-alpha1`; `1.0.0-beta2-dev` just before `1.0.0-beta2`. */
function rank(version: ComposerVersion): number {
  return version.isDev && version.stability === STABLE ? 0 : version.stability;
}

/** Packagist: Composer. */
export const packagistOrder = createVersionOrder(parseComposer, compareComposer);
