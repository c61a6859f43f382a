import { describe, expect, it } from 'vitest';
import { MASK } from '../src/context/placeholder.ts';
import { findSecrets } from '../src/find-secrets.ts';
import { redact } from '../src/redact.ts';
import { ALNUM, randomText } from './samples.ts';

const body = (lines: number, seed: number) =>
  Array.from({ length: lines }, (_, i) => randomText(64, `${ALNUM}+/`, seed + i));
const edge = (which: string, kind: string) => `-----${which} ${kind}PRIVATE${' '}KEY-----`;

describe('private keys', () => {
  it.each(['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED '])('masks a "%s" block whole, with header and footer', (kind) => {
    const block = [edge('BEGIN', kind), ...body(12, 1), edge('END', kind)].join('\n');
    expect(redact(`before\n${block}\nafter`)).toBe(`before\n${MASK}\nafter`);
  });

  it('masks blocks that are escaped into JSON or joined in source text', () => {
    const lines = [edge('BEGIN', ''), ...body(4, 2), edge('END', '')];
    expect(redact(JSON.stringify({ k: lines.join('\n') }))).toBe(`{"k":"${MASK}"}`);
    expect(redact(`const k = ${lines.map((line) => `"${line}\\n"`).join(' +\n')};`)).not.toContain(body(1, 2)[0]);
  });

  it('leaves public parts and mere mentions alone', () => {
    const certificate = ['-----BEGIN CERTIFICATE-----', ...body(6, 3), '-----END CERTIFICATE-----'].join('\n');
    expect(findSecrets(certificate)).toEqual([]);
    expect(findSecrets(`A file that begins with ${edge('BEGIN', '')} is a key.`)).toEqual([]);
  });
});

describe('Kubernetes secrets', () => {
  const data = ['user', 'extra', 'tls.crt'].map((name, i) => [name, randomText(24, ALNUM, 30 + i)] as const);
  const manifest = (kind: string) =>
    `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: x\ndata:\n  # base64\n${data.map(([name, value]) => `  ${name}: ${value}`).join('\n')}\n`;

  it('masks every value of the data, before or after the kind', () => {
    const masked = redact(manifest('Secret'));
    for (const [, value] of data) expect(masked.includes(value)).toBe(false);
    expect(masked).toContain('name: x');
    const reversed = `data:\n${data.map(([name, value]) => `  ${name}: ${value}`).join('\n')}\nkind: "Secret"\n`;
    for (const [, value] of data) expect(redact(reversed).includes(value)).toBe(false);
  });

  it('leaves other manifests alone, and other documents of the same file', () => {
    expect(findSecrets(manifest('ConfigMap'))).toEqual([]);
    const file = `${manifest('ConfigMap')}\n---\n${manifest('Secret')}`;
    expect(findSecrets(file)).toHaveLength(data.length);
  });
});
