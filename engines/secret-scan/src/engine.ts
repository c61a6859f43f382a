import { defineEngine, defineOperation, type EngineContext, EngineError, type EngineInput } from '@mex/engine-sdk';
import { TOOL_REPORT_ERRORS, type ToolReportErrorCode } from '@mex/engine-sdk/tools';
import { parseStrictJson } from '@mex/envelope';
import { applyBaseline, type BaselineEntry, parseBaseline } from './baseline.ts';
import { scanByTool, writeToolReport } from './external/scan-by-tool.ts';
import { fileOptions, historyOptions, PARAMS, type Params } from './params.ts';
import type { SecretErrorCode } from './problem-codes.ts';
import { reportProblems } from './problems.ts';
import { summarize, writeRaw, writeReport } from './report.ts';
import { writeSarif } from './sarif.ts';
import { type ScanResult, scanTree, type Tree } from './scan-tree.ts';
import { TreeMemory } from './tree-memory.ts';
import { addHistory, withoutHistory } from './with-history.ts';

const VERSION = '0.1.0';
const MIB = 1024 * 1024;

const ERRORS: readonly (SecretErrorCode | ToolReportErrorCode)[] = [
  'SECRET_NO_DIRECTORY',
  'SECRET_NO_HISTORY',
  'SECRET_NOTHING_SCANNED',
  'SECRET_BASELINE_INVALID',
  ...TOOL_REPORT_ERRORS,
];

export default defineEngine({
  id: 'engine.guard.secret_scan',
  version: VERSION,
  title: 'Secret scan',
  description:
    'Finds tokens, keys and passwords in the files of a directory. Shows where they are, never what they are.',
  determinism: 'D3',
  budget: {
    default: { wall_time_ms: 300_000, cpu_time_ms: 300_000, memory_bytes: 1_024 * MIB, output_bytes: 256 * MIB },
  },
  implementations: [
    {
      id: 'gitleaks',
      description: 'Looks for secrets with gitleaks and its own rules; nothing of what it finds is kept.',
      budget: { memory_bytes: 2_048 * MIB, exec_count: 2 },
    },
  ],
  operations: {
    'secret.scan': defineOperation({
      title: 'Scan for secrets',
      description:
        'Scans every text file of a pinned directory that git would not ignore, and its history where that is asked for.',
      params: PARAMS,
      inputs: {
        min: 1,
        max: 3,
        description:
          'A pinned directory; with history its pinned repository (.git); optionally a baseline document (mex.secret_baseline@1)',
      },
      outputs: [
        { name: 'report.json', kind: 'report', mime: 'application/json' },
        { name: 'secrets.sarif', kind: 'report', mime: 'application/sarif+json' },
        { name: 'secrets.raw.json', kind: 'tool_output', mime: 'application/json', evidence: true },
        { name: 'tool-report.json', kind: 'tool_output', mime: 'application/json', evidence: true, optional: true },
      ],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
      errors: ERRORS,
      run: scan,
    }),
  },
});

async function scan(context: EngineContext, options: Params): Promise<Record<string, unknown>> {
  const [directory, ...rest] = context.inputs;
  if (directory === undefined || directory.kind !== 'bundle')
    throw new EngineError('SECRET_NO_DIRECTORY', 'The first input is not a pinned directory.');
  const repository = options.history === true ? repositoryOf(rest) : undefined;
  const document = repository === undefined ? rest[0] : rest[1];
  const entries = [...(options.baseline ?? []), ...(await readBaseline(document))];
  const result = await scanInput(context, directory, repository, options);
  const today = options.timestamp?.slice(0, 10);
  const judged = applyBaseline(result.found, entries, today);
  const facts = { timestamp: options.timestamp ?? context.now(), version: VERSION };
  const tool = context.implementation.kind === 'external' ? context.implementation.id : undefined;
  const summary = { ...summarize(result, judged), ...(tool === undefined ? {} : { found_by: tool }) };
  reportProblems(context, result, judged, today);
  await context.write('report.json', writeReport(result, judged, summary, facts));
  await context.write('secrets.sarif', writeSarif(result, judged, facts));
  await context.write('secrets.raw.json', writeRaw(result, judged, summary, facts));
  if (tool !== undefined) await context.write('tool-report.json', writeToolReport(tool, result));
  return summary;
}

function repositoryOf([second]: readonly EngineInput[]): EngineInput {
  if (second?.kind === 'bundle') return second;
  throw new EngineError('SECRET_NO_HISTORY', 'The second input is not a pinned repository.');
}

async function readBaseline(input: EngineInput | undefined): Promise<readonly BaselineEntry[]> {
  if (input === undefined) return [];
  if (input.kind === 'bundle')
    throw new EngineError('SECRET_BASELINE_INVALID', 'Where a baseline document belongs, there is a directory.');
  const bytes = await input.bytes();
  try {
    return parseBaseline(parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('SECRET_BASELINE_INVALID', 'The baseline document is no JSON.', { cause });
  }
}

/** Codes after which nothing the inputs say can be relied on: the operation ends, instead of leaving one file out. */
const ENDS_THE_OPERATION = new Set(['ARTIFACT_DRIFT', 'ARTIFACT_CORRUPT', 'CAPABILITY_USED_WITHOUT_GRANT']);

async function scanInput(
  context: EngineContext,
  input: EngineInput,
  repository: EngineInput | undefined,
  options: Params,
): Promise<ScanResult> {
  const { implementation } = context;
  const tree = await openTree(input);
  const memory = repository === undefined ? undefined : new TreeMemory();
  const scanOptions = { ...fileOptions(options), memory };
  const result =
    implementation.kind === 'external'
      ? await scanByTool(context, input, tree, scanOptions)
      : await scanTree(tree, scanOptions);
  tree.verify();
  // Nothing looked at is no pass (CONTRACT §14 E); an empty directory is.
  if (result.scanned === 0 && result.skipped.length > 0)
    throw new EngineError('SECRET_NOTHING_SCANNED', `None of ${result.skipped.length} files was scanned.`);
  if (repository === undefined || memory === undefined) return result;
  if (implementation.kind === 'external') return withoutHistory(result, implementation.id);
  const opened = await openTree(repository);
  const all = await addHistory(result, opened, memory, historyOptions(options));
  opened.verify();
  return all;
}

/** A pinned directory; `verify` throws what its reads met that ends the operation. */
async function openTree(input: EngineInput): Promise<Tree & { readonly verify: () => void }> {
  let ending: unknown;
  return {
    files: await input.files(),
    read: async (path) => {
      try {
        return await input.read(path);
      } catch (error) {
        if (error instanceof Error && 'code' in error && ENDS_THE_OPERATION.has(String(error.code))) ending ??= error;
        throw error;
      }
    },
    verify: () => {
      if (ending !== undefined) throw ending;
    },
  };
}
