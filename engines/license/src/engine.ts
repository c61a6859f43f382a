import { defineEngine, defineOperation, type EngineContext, EngineError, Type } from '@mex/engine-sdk';
import { TOOL_REPORT_ERRORS } from '@mex/engine-sdk/tools';
import type { JsonValue } from '@mex/envelope/json';
import { redactJson } from '@mex/guard';
import { conclude } from './conclude.ts';
import { readByScancode } from './external/scancode.ts';
import { type Policy, PolicyError, type PolicySource, preparePolicy } from './policy/policy.ts';
import { type Finding, findingsOf, judgeConclusion, rawDetections, summarize } from './report.ts';
import { writeSarif } from './sarif.ts';
import { clip } from './sources/clip.ts';
import { type Collected, collect, type ToolReadings } from './sources/collect.ts';
import type { Subject } from './sources/subject.ts';

const VERSION = '0.1.0';
const MIB = 1024 * 1024;

/** Problems told one by one; the report has all findings. */
const MAX_PROBLEMS = 100;

export type LicenseErrorCode = 'LICENSE_NOTHING_TO_SCAN' | 'LICENSE_POLICY_INVALID' | 'LICENSE_INPUT_INVALID';

const license = Type.String({ minLength: 1, maxLength: 200 });
const exception = Type.Object(
  {
    package: Type.String({ minLength: 1, maxLength: 300, description: 'Name, or name@version' }),
    license: Type.Optional(license),
    reason: Type.String({ minLength: 1, maxLength: 1_000 }),
    author: Type.String({ minLength: 1, maxLength: 200 }),
    expires: Type.String({ maxLength: 10, description: 'Last day it counts, e.g. 2027-01-31' }),
  },
  { additionalProperties: false },
);
const params = Type.Object(
  {
    allow: Type.Optional(
      Type.Array(license, { maxItems: 500, description: 'SPDX ids that are accepted; all others are not' }),
    ),
    deny: Type.Optional(Type.Array(license, { maxItems: 500, description: 'SPDX ids that are not accepted' })),
    exceptions: Type.Optional(Type.Array(exception, { maxItems: 100 })),
    timestamp: Type.Optional(
      Type.String({
        maxLength: 30,
        pattern: '^\\d\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
        description:
          'Time the report states and exceptions are compared with; default the frozen time of the operation',
      }),
    ),
  },
  { additionalProperties: false },
);

export default defineEngine({
  id: 'engine.supply_chain.license',
  version: VERSION,
  title: 'Licenses',
  description:
    'Finds the declared and the detected licenses of a project and its packages, and holds them against a policy.',
  determinism: 'D3',
  budget: {
    default: { wall_time_ms: 120_000, cpu_time_ms: 120_000, memory_bytes: 1_024 * MIB, output_bytes: 256 * MIB },
  },
  implementations: [
    {
      id: 'scancode',
      description: 'Reads license files with scancode-toolkit.',
      budget: { wall_time_ms: 600_000, cpu_time_ms: 600_000, memory_bytes: 2_048 * MIB, exec_count: 8 },
    },
  ],
  operations: {
    'license.scan': defineOperation({
      title: 'Scan licenses',
      description:
        'Reads an SBOM, manifests and license files; reports every license that is unknown, changed, or against the policy.',
      params,
      inputs: {
        min: 1,
        max: 8,
        description: 'Pinned directories, CycloneDX documents and policy documents, in any order',
      },
      outputs: [
        { name: 'report.json', kind: 'report', mime: 'application/json' },
        { name: 'detections.json', kind: 'tool_output', mime: 'application/json' },
        { name: 'licenses.sarif', kind: 'report', mime: 'application/sarif+json' },
        { name: 'tool-report.json', kind: 'tool_output', mime: 'application/json', evidence: true, optional: true },
      ],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
      errors: ['LICENSE_NOTHING_TO_SCAN', 'LICENSE_POLICY_INVALID', 'LICENSE_INPUT_INVALID', ...TOOL_REPORT_ERRORS],
      run: scan,
    }),
  },
});

interface Params extends PolicySource {
  readonly timestamp?: string;
}

async function scan(context: EngineContext, options: Params): Promise<Record<string, unknown>> {
  const timestamp = options.timestamp ?? context.now();
  const tool = context.implementation.kind === 'external' ? new ToolReader(context) : undefined;
  const collected = await readInputs(context, tool);
  const policy = combinePolicies(collected, options);
  const unusable = collected.gaps.find(({ code }) => code === 'LICENSE_INPUT_UNKNOWN');
  if (unusable !== undefined)
    throw new EngineError('LICENSE_INPUT_INVALID', clip(`${unusable.path}: ${unusable.message}`, 1_000));
  if (collected.subjects.length === 0)
    throw new EngineError('LICENSE_NOTHING_TO_SCAN', 'No package, manifest or license file was found in the inputs.');
  const judged = collected.subjects.map((subject) =>
    judgeConclusion(conclude(subject, filesOf(subject, collected)), policy),
  );
  const findings = findingsOf(judged, policy, collected);
  const summary = {
    ...summarize(judged, findings, collected, policy),
    ...(tool === undefined ? {} : { found_by: context.implementation.id }),
  };
  const report = {
    schema_version: 'mex.supply_chain_report@1.0',
    kind: 'License',
    engine_version: VERSION,
    timestamp,
    findings,
    summary,
  };
  await context.write('report.json', `${JSON.stringify(report, null, 2)}\n`);
  await context.write('detections.json', `${JSON.stringify(rawDetections(judged, collected))}\n`);
  await context.write('licenses.sarif', writeSarif(findings, VERSION));
  // D1 needs evidence, also where there was no license file to read.
  if (tool !== undefined) await context.write('tool-report.json', `${JSON.stringify(redactJson(tool.reports))}\n`);
  tellProblems(context, findings);
  return summary;
}

/** License files as the external tool of the chosen implementation reads them. */
class ToolReader {
  readonly reports: JsonValue[] = [];
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  readonly read: ToolReadings = async (input) => {
    const { readings, report } = await readByScancode(this.#context, input);
    this.reports.push(report);
    return (path) => readings.get(path);
  };
}

async function readInputs(context: EngineContext, tool: ToolReader | undefined): Promise<Collected> {
  try {
    return await collect(context.inputs, tool?.read);
  } catch (error) {
    throw error instanceof PolicyError ? new EngineError('LICENSE_POLICY_INVALID', clip(error.message, 1_000)) : error;
  }
}

/** A policy stands in one place: parts of it from several would be judged by rules that nobody wrote down together. */
function combinePolicies({ policies }: Collected, { allow, deny, exceptions, timestamp }: Params): Policy {
  const inline = {
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
    ...(exceptions === undefined ? {} : { exceptions }),
  };
  const all = [...policies, ...(Object.keys(inline).length === 0 ? [] : [inline])];
  try {
    if (all.length > 1)
      throw new PolicyError('There is more than one policy: give one document, or parameters, not both.');
    return preparePolicy(all[0] ?? {}, timestamp);
  } catch (error) {
    throw error instanceof PolicyError ? new EngineError('LICENSE_POLICY_INVALID', clip(error.message, 1_000)) : error;
  }
}

function filesOf(subject: Subject, { files }: Collected) {
  return subject.directories.flatMap((directory) => files.get(directory) ?? []);
}

const ORDER = { error: 0, warning: 1, info: 2 } as const;

/** The worst come first; corrections are in the report alone. */
function tellProblems(context: EngineContext, findings: readonly Finding[]): void {
  const told = findings
    .filter(({ severity }) => severity !== 'info')
    .toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  for (const { code, severity, title, locations } of told.slice(0, MAX_PROBLEMS)) {
    const places = locations.map(({ path, range }) =>
      range === undefined ? { path } : { path, line: range.start.line },
    );
    context.problem({ code, severity, title: clip(title, 400), message: title, locations: places });
  }
  const left = told.length - MAX_PROBLEMS;
  if (left > 0)
    context.problem({
      code: 'LICENSE_MORE_FINDINGS',
      severity: 'warning',
      title: `${left} more findings about licenses`,
      message: 'The report has all of them.',
    });
}
