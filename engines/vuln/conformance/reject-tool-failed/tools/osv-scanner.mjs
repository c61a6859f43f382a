// Stands in for osv-scanner: says what it would say of the bill of this vector.
const REPORT = {
  results: [
    {
      source: {
        path: '/inputs/bom.cdx.json',
        type: 'sbom',
      },
      packages: [
        {
          package: {
            name: 'alpha',
            version: '1.0.0',
            ecosystem: 'npm',
          },
          vulnerabilities: [
            {
              id: 'GHSA-demo-0001',
              modified: '2026-05-20T00:00:00Z',
              summary: 'Something about alpha',
              affected: [
                {
                  package: {
                    ecosystem: 'npm',
                    name: 'alpha',
                  },
                  ranges: [
                    {
                      type: 'SEMVER',
                      events: [
                        {
                          introduced: '0',
                        },
                        {
                          fixed: '2.0.0',
                        },
                      ],
                    },
                  ],
                },
              ],
              severity: [
                {
                  type: 'CVSS_V3',
                  score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N',
                },
              ],
              aliases: ['CVE-2026-10001'],
            },
          ],
          groups: [],
        },
        {
          package: {
            name: '@scope/beta',
            version: '1.0.0',
            ecosystem: 'npm',
          },
        },
        {
          package: {
            name: 'gamma',
            version: '3.0.0',
            ecosystem: 'npm',
          },
        },
      ],
    },
  ],
};

process.stdout.write(JSON.stringify(REPORT));
process.exitCode = 127;
