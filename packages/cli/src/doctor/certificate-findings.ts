import { certificateLapse } from '@mex/envelope';
import type { Policy } from '@mex/host';
import type { RegisteredEngine, Registry } from '@mex/registry';
import { bad, type Finding, good, note, warning } from './finding.ts';

const SOON_MS = 14 * 86_400_000;

/** Who is certified, who is denied for a certificate or the lack of one, and whose ends soon (CONTRACT §10). */
export function certificateFindings(registry: Registry, { allowUncertified }: Policy, now = Date.now()): Finding[] {
  const absent = registry.engines.filter(({ certificate }) => certificate.state === 'absent');
  const held = registry.engines.length - absent.length;
  const single = registry.engines.flatMap((engine) => ownFinding(engine, now));
  const all = `${held} of ${registry.engines.length} engines have one`;
  if (absent.length === 0) return [good('certificates', all), ...single];
  const names = absent.map(({ manifest }) => manifest.engine_id).join(', ');
  const rest = allowUncertified
    ? note('certificates', `${all}; the development switch is on: those without one run`)
    : bad('certificates', `${all}; denied without one: ${names}`, 'Certify them: mex certify --all');
  return [rest, ...single];
}

function ownFinding({ manifest: { engine_id }, certificate }: RegisteredEngine, now: number): Finding[] {
  if (certificate.state === 'absent') return [];
  const what = 'certificate';
  const again = `Certify it again: mex certify ${engine_id}`;
  if (certificate.state === 'refused')
    return [bad(what, `${engine_id} is denied: ${certificate.reason} (${certificate.code})`, certificate.remedy)];
  const lapse = certificateLapse(certificate, now);
  if (lapse !== undefined) return [bad(what, `${engine_id} is denied: its certificate is ${lapse}`, again)];
  if (certificate.expiresAt - now > SOON_MS) return [];
  const day = new Date(certificate.expiresAt).toISOString().slice(0, 10);
  return [warning(what, `that of ${engine_id} ends on ${day}; from then on it is denied`, again)];
}
