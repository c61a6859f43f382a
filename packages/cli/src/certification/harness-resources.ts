import { extname } from 'node:path';

/** Cases and requirements of the harness: bundled, they are in a folder beside the commands'; from source it knows its own. */
export function harnessResources(): { readonly resources?: URL } {
  return extname(import.meta.url) === '.js' ? { resources: new URL('../conformance/', import.meta.url) } : {};
}
