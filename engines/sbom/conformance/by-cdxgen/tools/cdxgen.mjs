// Stands in for cdxgen: writes what it would write for the tree of this vector.
import { writeFileSync } from 'node:fs';

const BILL = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  version: 1,
  metadata: {
    tools: {
      components: [
        {
          type: 'application',
          name: 'cdxgen',
          version: '1.0.0',
        },
      ],
    },
    component: {
      type: 'application',
      'bom-ref': 'root',
      name: 'demo-app',
      version: '1.2.0',
    },
  },
  components: [
    {
      type: 'library',
      'bom-ref': 'pkg:npm/alpha@1.0.3',
      name: 'alpha',
      version: '1.0.3',
      purl: 'pkg:npm/alpha@1.0.3',
      licenses: [
        {
          license: {
            id: 'MIT',
          },
        },
      ],
      properties: [
        {
          name: 'SrcFile',
          value: '/inputs/tree/package-lock.json',
        },
      ],
    },
    {
      type: 'library',
      'bom-ref': 'pkg:npm/gamma@3.1.0',
      name: 'gamma',
      version: '3.1.0',
      purl: 'pkg:npm/gamma@3.1.0',
      licenses: [
        {
          license: {
            id: 'Apache-2.0',
          },
        },
      ],
      properties: [
        {
          name: 'SrcFile',
          value: '/inputs/tree/package-lock.json',
        },
      ],
    },
  ],
  dependencies: [
    {
      ref: 'root',
      dependsOn: ['pkg:npm/alpha@1.0.3'],
    },
    {
      ref: 'pkg:npm/alpha@1.0.3',
      dependsOn: ['pkg:npm/gamma@3.1.0'],
    },
  ],
};

const output = process.argv.find((arg) => arg.startsWith('--output='));
writeFileSync(output.slice(output.lastIndexOf('=') + 1), JSON.stringify(BILL));
