import { join, resolve } from 'node:path';
import { renderJunit, renderMarkdown } from '@mex/conformance-harness';
import type { ArtifactHandle } from '@mex/envelope';
import { DSSE_MIME } from '@mex/envelope/dsse';
import type { Host } from '@mex/host';
import { materialize } from '../materialize.ts';
import { CERTIFICATE_NAME } from '../read-engine-package.ts';
import { verifyWritable } from '../scan/write-out.ts';
import { type Certification, storeDocument } from './certify-engine.ts';

/** Where a person wants the report: a folder for everything, and single files. */
export interface ReportTargets {
  readonly out: string | undefined;
  readonly junit: string | undefined;
  readonly markdown: string | undefined;
}

const JUNIT_MIME = 'application/xml';
const MARKDOWN_MIME = 'text/markdown';

/** Before anything is run: minutes of work must not end in a refusal. @throws MexError `CLI_USAGE` */
export function verifyReportTargets({ out, junit, markdown }: ReportTargets): void {
  if (out !== undefined) verifyWritable(resolve(out), '--out', true);
  if (junit !== undefined) verifyWritable(resolve(junit), '--junit', false);
  if (markdown !== undefined) verifyWritable(resolve(markdown), '--markdown', false);
}

/** Writes what was asked for over that of an earlier run. Answers with the paths as they were asked for. */
export async function writeReport(
  host: Host,
  { out, junit, markdown }: ReportTargets,
  { report, reportHandle, certificate }: Certification,
): Promise<string[]> {
  const written: string[] = [];
  const copy = async (handle: ArtifactHandle, path: string): Promise<void> => {
    await materialize(host, handle, path, { overwrite: true });
    written.push(path);
  };
  const store = (name: string, mime: string, text: string): Promise<ArtifactHandle> =>
    storeDocument(host, name, mime, text);
  if (out !== undefined) await copy(reportHandle, join(out, 'conformance-report.json'));
  if (out !== undefined && certificate !== undefined)
    await copy(await store(CERTIFICATE_NAME, DSSE_MIME, certificate.envelope), join(out, CERTIFICATE_NAME));
  const wanted = [
    [
      out === undefined ? [] : [join(out, 'conformance-report.junit.xml')],
      junit,
      'conformance-report.junit.xml',
      JUNIT_MIME,
      renderJunit,
    ],
    [
      out === undefined ? [] : [join(out, 'conformance-report.md')],
      markdown,
      'conformance-report.md',
      MARKDOWN_MIME,
      renderMarkdown,
    ],
  ] as const;
  for (const [inFolder, single, name, mime, render] of wanted) {
    const paths = [...inFolder, ...(single === undefined ? [] : [single])];
    if (paths.length === 0) continue;
    const handle = await store(name, mime, render(report));
    for (const path of paths) await copy(handle, path);
  }
  return written;
}
