// A stand-in for syft: the options, exit codes and CycloneDX JSON that its manual describes, for npm lockfiles only.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const args = process.argv.slice(2);
if (args[0] === 'version') {
  console.log('syft 1.44.0 (stand-in)');
  process.exit(0);
}
const source = args.find((arg) => arg.startsWith('dir:'))?.slice('dir:'.length);
const [, output] =
  /^--output=cyclonedx-json@1\.6=(.+)$/.exec(args.find((arg) => arg.startsWith('--output=')) ?? '') ?? [];
if (args[0] !== 'scan' || source === undefined || output === undefined) {
  console.error('unknown flag');
  process.exit(1);
}
const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
const components = files
  .filter((path) => basename(path) === 'package-lock.json')
  .flatMap((path) => {
    const { packages = {} } = JSON.parse(readFileSync(join(source, path), 'utf8'));
    return Object.entries(packages).map(([place, { name = place.split('node_modules/').pop(), version, license }]) => ({
      'bom-ref': `pkg:npm/${encodeURIComponent(name).replace('%2F', '/')}@${version}?package-id=${place.length}`,
      type: 'library',
      name,
      version,
      ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
      purl: `pkg:npm/${encodeURIComponent(name).replace('%2F', '/')}@${version}`,
      properties: [
        { name: 'syft:package:foundBy', value: 'javascript-lock-cataloger' },
        { name: 'syft:location:0:path', value: `/${path}` },
      ],
    }));
  });
const document = {
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79',
  version: 1,
  metadata: {
    timestamp: '2026-01-01T00:00:00Z',
    tools: { components: [{ type: 'application', author: 'anchore', name: 'syft', version: '1.44.0' }] },
    component: { 'bom-ref': 'af63bd4c8601b7f1', type: 'file', name: source },
  },
  components,
};
writeFileSync(output, JSON.stringify(document));
