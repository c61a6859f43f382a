import { describe, expect, it } from 'vitest';
import { findSecrets } from '../src/find-secrets.ts';
import { ALNUM, HEX, randomText } from './samples.ts';

const value = randomText(32, HEX, 21);
const mixed = randomText(28, ALNUM, 22);
const weak = ['hun', 'ter'].join('') + 2 * 11;

/** Every way in which configuration, code and shells give a name a value. */
const FORMS: readonly string[] = [
  '@ = "#"',
  "@: '#'",
  '@=#',
  '"@": "#"',
  "'@' => '#'",
  '$@ .= "#";',
  '@ := `#`',
  '@ ::= "#"',
  '@ ?= "#"',
  'export @=#',
  'setProperty("@", "#")',
  "env('@', '#')",
  'String @ = "#";',
  'var @ string = "#"',
  '<@>\n  #\n</@>',
  'data["@"] = "#"',
  '--@=#',
  '{\\"@\\":\\"#\\"}',
  '{"file": "@=#\\nOTHER=1"}',
];
const inForm = (form: string, name: string, secret: string) => form.replaceAll('@', name).replace('#', secret);

function placesOf(text: string, secret: string): boolean {
  return findSecrets(text).some(({ start, end }) => text.slice(start, end) === secret);
}

describe('values told by their names', () => {
  it.each(FORMS)('%s', (form) => {
    for (const name of ['api_token', 'clientSecret', 'GITHUB_ACCESS_KEY', 'stripe-secret-key']) {
      expect(placesOf(inForm(form, name, value), value), name).toBe(true);
      expect(placesOf(inForm(form, name, mixed), mixed), name).toBe(true);
    }
  });

  it('spaces alone tie only random values', () => {
    expect(placesOf(`acme SECRET ${value}`, value)).toBe(true);
    expect(placesOf(`acme access token ${mixed}`, mixed)).toBe(true);
    expect(findSecrets('the secret ingredient of the token economy')).toEqual([]);
  });

  it('passwords need not be random, but must be told plainly', () => {
    for (const form of [
      'password = "#"',
      "password: '#'",
      'PASSWORD=#',
      'DB_PASS="#"',
      '"passwd": "#"',
      'pwd: #',
      '-Password #',
      'password "#"',
    ]) {
      expect(placesOf(inForm(form, '', weak), weak), form).toBe(true);
    }
    for (const form of ['bypass = "#"', 'passed: #', 'comment = "#"', 'password_hint = "#"', 'pass the # on']) {
      expect(findSecrets(inForm(form, '', weak)), form).toEqual([]);
    }
  });

  it.each([
    'public_key',
    'cache_key',
    'idempotencyKey',
    'primary-key',
    'token_id',
    'secretName',
    'next_token',
    'key_fingerprint',
    'password_hash_id',
  ])('%s names no secret', (name) => {
    expect(findSecrets(`${name} = "${value}"`)).toEqual([]);
  });

  it.each([
    ['a call', 'token = readToken4(source1)'],
    ['a member', 'token = config.auth.v2.token'],
    ['a word', 'secret = "sharing"'],
    ['a version', 'token: 7.14.5_@babel+core@7.18.6'],
    ['an address', 'webhook = https://host.example.org/a1b2c3d4e5f6a7b8c9d0'],
    ['an ellipsis', `token = ${value.slice(0, 20)}...`],
    ['an all-zero id', 'api_key = 00000000-0000-0000-0000-000000000000'],
  ])('%s is no secret', (_, text) => {
    expect(findSecrets(text)).toEqual([]);
  });

  it.each(['nonMatchingToken', 'invalidToken', 'FAKE_API_KEY', 'my-dummy-secret', 'mock_token'])(
    '%s says itself that it is not real',
    (name) => {
      expect(findSecrets(`${name} = "${value}"`)).toEqual([]);
    },
  );

  it('what a fresh installation or a manual has in addresses is no secret', () => {
    for (const text of [
      'postgres://postgres:postgres@localhost:5432/x',
      'mongodb://username:password@localhost/x',
      'mysql://admin:REPLACE_WITH_PASSWORD@mysql.server.example/x',
      'postgresql://user:secret@[2001:db8::1234]/x',
      'ftp://u:password@192.0.2.7/x',
      'user = "anonymous"; password = "guest@"',
    ])
      expect(findSecrets(text), text).toEqual([]);
    expect(findSecrets(`postgres://postgres:${mixed}@localhost/x`)).toHaveLength(1);
    expect(findSecrets('postgres://postgres:postgres@db.internal/x')).toHaveLength(1);
  });

  it('in program text a bare word is a variable, in configuration a password', () => {
    const text = `password = open${'_'}sesame\n`;
    expect(findSecrets(text, { path: 'settings.ini' })).toHaveLength(1);
    expect(findSecrets(text, { path: 'src/login.py' })).toHaveLength(0);
  });

  it('a shortened token of a known format is a dummy, not a secret', () => {
    expect(findSecrets(`slack_token = "xox${'b-'}123-abc"`)).toEqual([]);
    expect(findSecrets(`github_token = "gh${'p_'}${'a1b2c3'.repeat(2)}"`)).toEqual([]);
  });

  it('passwords in addresses, headers, command lines and connection strings', () => {
    for (const form of [
      'postgres://app:#@db.internal:5432/x',
      'https://u:#@host/path',
      'Server=db;User Id=app;Password=#;',
      'curl -s -u admin:# https://host',
      'Authorization: Bearer #',
      'machine host login me password #',
    ]) {
      expect(placesOf(form.replace('#', mixed), mixed), form).toBe(true);
    }
    for (const form of [
      'postgres://app:${PW}@db',
      'https://u:<password>@host',
      'curl -u "$USER:$PASS" https://host',
      'Bearer <token>',
    ]) {
      expect(findSecrets(form), form).toEqual([]);
    }
  });
});
