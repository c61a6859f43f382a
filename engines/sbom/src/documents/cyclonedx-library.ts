/**
 * The one part of the official CycloneDX library that its public entries do not offer alone.
 *
 * Its entry for serialising also pulls in the XML serialiser and, through it, optional packages that a sandboxed engine
 * cannot have; its web build is one block that expects a browser's `self`. So the JSON normaliser is taken from the file
 * behind the entry, by path: the version is pinned exactly, and a test builds the bundle and fails if the file moves or
 * starts to need anything of Node.js.
 */
import type { JSON as JsonFormat } from '@cyclonedx/cyclonedx-library/Serialize';
// @ts-expect-error TS7016: this file carries no types of its own; the package's public ones are applied below.
import { Factory } from '../../node_modules/@cyclonedx/cyclonedx-library/dist.node/serialize/json/normalize.js';

/** Turns the library's models into the plain objects that the CycloneDX JSON schema describes. */
export const NormalizerFactory: typeof JsonFormat.Normalize.Factory = Factory;
