import { type EngineContext, EngineError, type EngineInput } from '@mex/engine-sdk';
import { runTool, treePaths } from '@mex/engine-sdk/tools';
import { readToolBill, type ToolBill } from './tool-bill.ts';

const REPORT = 'bom.cdx.json';
const TREE = 'tree';

/**
 * How each program is asked for an SBOM. It reads lockfiles and the manifests beside them, and starts nothing: no package
 * manager, no installation, no network. Neither reads a configuration of the scanned tree: both look in the working
 * directory, which is empty.
 */
const ARGS: Readonly<Record<string, readonly string[]>> = {
  syft: ['scan', `dir:/inputs/${TREE}`, '--quiet', `--output=cyclonedx-json@1.6=/work/${REPORT}`],
  cdxgen: [
    '--no-install-deps',
    '--no-babel',
    '--fail-on-error',
    '--spec-version=1.6',
    `--output=/work/${REPORT}`,
    `/inputs/${TREE}`,
  ],
};

/** The bill that the program of policy writes for a pinned directory. @throws EngineError `TOOL_…` */
export async function runBillTool(context: EngineContext, input: EngineInput): Promise<ToolBill> {
  const { id, tool = id } = context.implementation;
  const args = ARGS[id];
  if (args === undefined) throw new EngineError('TOOL_REPORT_INVALID', `There is no way to read the SBOM of ${id}.`);
  const { report } = await runTool(context, {
    args,
    inputs: [{ input: context.inputs.indexOf(input), as: TREE }],
    report: REPORT,
    exits: [0],
  });
  const files = (await input.files()).map(({ path }) => path);
  return readToolBill(tool, report, treePaths(tool, TREE, files));
}
