import {
  defineEngine,
  defineOperation,
  type EngineContext,
  EngineError,
  type EngineInput,
  Type,
} from '@mex/engine-sdk';
import { TOOL_REPORT_ERRORS } from '@mex/engine-sdk/tools';
import type { JsonValue } from '@mex/envelope/json';
import { redactJson } from '@mex/guard';
import { clip } from './clip.ts';
import { writeCycloneDx } from './documents/cyclonedx.ts';
import { writeSpdx } from './documents/spdx.ts';
import { compareInventories, inventoriesOf, type MissedLockfile } from './external/tool-inventory.ts';
import { runBillTool } from './external/tool-runs.ts';
import { type Inventories, type ReadFailure, readInventories } from './inventory.ts';
import { lockfileReaders } from './lockfiles/readers.ts';
import type { LockfileInventory } from './model.ts';
import { isOfLockfile, severityOf, summarize, writeReport } from './report.ts';

const VERSION = '0.1.0';
const MIB = 1024 * 1024;

/** Characters of the parts of a Problem; what is longer is told in full by the report. */
const MAX_TITLE = 500;
const MAX_MESSAGE = 4_000;
const MAX_PATH = 4_096;

/** Programs that read for themselves take longer, and reserve more than they use. */
const TOOL_BUDGET = { wall_time_ms: 300_000, cpu_time_ms: 300_000, memory_bytes: 2_048 * MIB, exec_count: 2 };

const params = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 214,
        description: 'Name of the scanned project; default that of its manifest',
      }),
    ),
    version: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Version of the scanned project' }),
    ),
    spdx: Type.Optional(Type.Boolean({ description: 'Also write SPDX 2.3; default true' })),
    timestamp: Type.Optional(
      Type.String({
        maxLength: 30,
        pattern: '^\\d\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$',
        description: 'Time the documents state, e.g. from SOURCE_DATE_EPOCH; default the frozen time of the operation',
      }),
    ),
  },
  { additionalProperties: false },
);

export default defineEngine({
  id: 'engine.supply_chain.sbom',
  version: VERSION,
  title: 'SBOM',
  description: 'Reads lockfiles and writes a software bill of materials. Needs no network and no installed packages.',
  determinism: 'D3',
  budget: {
    default: { wall_time_ms: 120_000, cpu_time_ms: 120_000, memory_bytes: 1_024 * MIB, output_bytes: 512 * MIB },
  },
  implementations: [
    { id: 'syft', description: 'Lists packages with syft (CycloneDX JSON).', budget: TOOL_BUDGET },
    {
      id: 'cdxgen',
      description: 'Lists packages with cdxgen (CycloneDX JSON), without installing anything.',
      budget: TOOL_BUDGET,
    },
  ],
  operations: {
    'sbom.generate': defineOperation({
      title: 'Generate an SBOM',
      description: 'Lists every package that the lockfiles of a pinned directory name.',
      params,
      inputs: { min: 1, max: 1, description: 'A pinned directory with lockfiles and the manifests beside them' },
      outputs: [
        { name: 'sbom.cdx.json', kind: 'report', mime: 'application/vnd.cyclonedx+json' },
        { name: 'sbom.spdx.json', kind: 'report', mime: 'application/spdx+json', optional: true },
        { name: 'report.json', kind: 'report', mime: 'application/json' },
        { name: 'tool-report.json', kind: 'tool_output', mime: 'application/json', evidence: true, optional: true },
      ],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
      errors: ['SBOM_NO_LOCKFILE', 'SBOM_NOTHING_READABLE', ...TOOL_REPORT_ERRORS],
      run: generate,
    }),
  },
});

type Params = { name?: string; version?: string; spdx?: boolean; timestamp?: string };

async function generate(context: EngineContext, options: Params): Promise<Record<string, unknown>> {
  const [input] = context.inputs;
  if (input === undefined || input.kind !== 'bundle')
    throw new EngineError('SBOM_NO_LOCKFILE', 'The input is not a pinned directory.');
  const own = await readInput(input);
  const { inventories, failures, notes, tool } =
    context.implementation.kind === 'external' ? await findByTool(context, input, own) : { ...own, tool: undefined };
  for (const failure of failures) context.problem(failureProblem(failure));
  for (const inventory of inventories) reportWarnings(context, inventory);
  for (const { path, message } of notes) {
    const where = path === '' ? '.' : path;
    const title = clip(`Several lockfiles for one project: ${where}`, MAX_TITLE);
    context.problem({
      code: 'SBOM_RIVAL_LOCKFILES',
      severity: 'warning',
      title,
      message: clip(message, MAX_MESSAGE),
      locations: [{ path: clip(where, MAX_PATH) }],
    });
  }
  if (own.inventories.length === 0 && own.failures.length === 0) {
    throw new EngineError('SBOM_NO_LOCKFILE', 'No lockfile was found among the given files.');
  }
  if (inventories.length === 0)
    throw new EngineError('SBOM_NOTHING_READABLE', `None of ${failures.length} lockfiles could be read.`);
  const timestamp = options.timestamp ?? context.now();
  const first = (own.inventories[0] ?? inventories[0])?.root;
  const version = options.version ?? first?.version;
  const subject = {
    name: options.name ?? first?.name ?? 'unnamed',
    ...(version === undefined ? {} : { version }),
    ...(first?.licenses === undefined ? {} : { licenses: first.licenses }),
  };
  const document = {
    timestamp,
    toolVersion: VERSION,
    unread: failures.map((failure) => failure.path),
    ...(tool === undefined ? {} : { foundBy: tool }),
  };
  await context.write('sbom.cdx.json', writeCycloneDx(inventories, subject, document));
  if (options.spdx ?? true) await context.write('sbom.spdx.json', writeSpdx(inventories, subject, document));
  const summary = { ...summarize(inventories, failures), ...(tool === undefined ? {} : { found_by: tool }) };
  await context.write('report.json', writeReport(inventories, failures, summary, { timestamp, version: VERSION }));
  return summary;
}

/** The packages as an external tool lists them, held against what the lockfiles name. */
async function findByTool(context: EngineContext, input: EngineInput, own: Inventories) {
  const bill = await runBillTool(context, input);
  const told = inventoriesOf(bill, own.inventories);
  const { missed, warnings } = compareInventories(told, own.inventories);
  const covered = new Set(told.map(({ path }) => path));
  // A lockfile that names no package is one of which there is nothing to tell.
  const empty = own.inventories.filter(({ path, packages }) => packages.length === 0 && !covered.has(path));
  // That a lockfile says what is not so holds whoever reads it.
  const ofLockfile = new Map(
    own.inventories.map((one) => [one.path, one.warnings.filter(({ code }) => isOfLockfile(code))]),
  );
  await context.write('tool-report.json', writeToolReport(bill.document));
  return {
    tool: bill.tool,
    inventories: [...told, ...empty].map((inventory) => ({
      ...inventory,
      warnings: [...(ofLockfile.get(inventory.path) ?? []), ...(warnings.get(inventory.path) ?? [])],
    })),
    failures: [...own.failures.filter(({ path }) => !covered.has(path)), ...missed.map(notCovered)],
    notes: own.notes,
  };
}

function notCovered({ path, packages }: MissedLockfile): ReadFailure {
  return {
    code: 'SBOM_LOCKFILE_NOT_COVERED',
    path,
    message: `The tool lists none of the ${packages} packages that it names.`,
    remedy: 'Use a version of the tool that knows this format, or the built-in implementation.',
  };
}

/** What the tool wrote, as evidence: addresses with passwords in them are masked like everything that is recorded. */
function writeToolReport(document: JsonValue): string {
  return `${JSON.stringify(redactJson(document))}\n`;
}

/** Codes after which nothing the inputs say can be relied on: the operation ends, instead of leaving one file out. */
const ENDS_THE_OPERATION = new Set(['ARTIFACT_DRIFT', 'ARTIFACT_CORRUPT', 'CAPABILITY_USED_WITHOUT_GRANT']);

async function readInput(input: EngineInput) {
  const files = await input.files();
  const sizes = new Map(files.map((file) => [file.path, file.size]));
  let ending: unknown;
  const read = async (path: string): Promise<Uint8Array> => {
    try {
      return await input.read(path);
    } catch (error) {
      if (error instanceof Error && 'code' in error && ENDS_THE_OPERATION.has(String(error.code))) ending ??= error;
      throw error;
    }
  };
  const source = { files: files.map((file) => file.path), read, size: (path: string) => sizes.get(path) ?? 0 };
  const found = await readInventories(source, lockfileReaders);
  if (ending !== undefined) throw ending;
  return found;
}

function failureProblem(failure: ReadFailure) {
  const { code, path, line, column, message, remedy } = failure;
  const where = clip(path, MAX_PATH);
  const place =
    line === undefined ? { path: where } : { path: where, line, ...(column === undefined ? {} : { column }) };
  return {
    code,
    severity: 'error' as const,
    title: clip(`${path} could not be read`, MAX_TITLE),
    message: clip(`${message} ${remedy}`, MAX_MESSAGE),
    locations: [place],
  };
}

/** Warnings shown as Problems for one lockfile; the report lists them all. */
const MAX_WARNINGS = 20;

function reportWarnings(context: EngineContext, { path, warnings }: LockfileInventory): void {
  for (const { code, message, line } of warnings.slice(0, MAX_WARNINGS)) {
    const where = clip(path, MAX_PATH);
    const place = line === undefined ? { path: where } : { path: where, line };
    context.problem({
      code,
      severity: severityOf(code),
      title: clip(`${path}: ${code}`, MAX_TITLE),
      message: clip(message, MAX_MESSAGE),
      locations: [place],
    });
  }
}
