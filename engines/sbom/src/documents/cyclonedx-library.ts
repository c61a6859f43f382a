/**
 * The parts of the official CycloneDX library that this engine uses.
 *
 * Its entry for serialising also pulls in the XML serialiser and, through it, optional packages that a sandboxed engine
 * cannot have; its web build is one block that expects a browser's `self`. So the JSON normaliser and the SPDX
 * identifiers are taken from the files behind the entry, by path: the version is pinned exactly, and a test builds the
 * bundle and fails if they move or start to need anything of Node.js.
 */
import type { JSON as JsonFormat } from '@cyclonedx/cyclonedx-library/Serialize';
// @ts-expect-error TS7016: this file carries no types of its own; the package's public ones are applied below.
import { Factory } from '../../node_modules/@cyclonedx/cyclonedx-library/dist.node/serialize/json/normalize.js';
import identifiers from '../../node_modules/@cyclonedx/cyclonedx-library/res/schema/spdx.SNAPSHOT.schema.json' with {
  type: 'json',
};

/** Turns the library's models into the plain objects that the CycloneDX JSON schema describes. */
export const NormalizerFactory: typeof JsonFormat.Normalize.Factory = Factory;

/** The first license exception: the list holds all licenses in alphabetical order, then all exceptions. */
const FIRST_EXCEPTION = identifiers.enum.indexOf('389-exception');

/** SPDX license identifiers, spelled exactly. */
export const LICENSE_IDS: ReadonlySet<string> = new Set(identifiers.enum.slice(0, FIRST_EXCEPTION));

/** SPDX identifiers of license exceptions: what may follow `WITH`. */
export const EXCEPTION_IDS: ReadonlySet<string> = new Set(identifiers.enum.slice(FIRST_EXCEPTION));
