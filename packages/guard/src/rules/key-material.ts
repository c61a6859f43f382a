import { isJsonWebToken, isWrappedJsonWebToken } from '../context/json-web-token.ts';
import { prefixRule, type TokenRule } from './rule.ts';

/** Private keys, signed tokens and password hashes. */
export const KEY_MATERIAL: readonly TokenRule[] = [
  prefixRule(
    'private-key-base64',
    'private key in PEM form, base64',
    'LS0tLS1CRUdJTi',
    /LS0tLS1CRUdJTi[A-Za-z0-9+/]{60,8000}={0,2}/,
    { apart: /[\w+/]/ },
  ),
  prefixRule(
    'putty-key',
    'PuTTY private key',
    'Private-Lines:',
    /Private-Lines: \d{1,3}\s{1,4}([A-Za-z0-9+/=\s]{40,8000})/,
    { apart: /\w/ },
  ),
  prefixRule('age-key', 'age secret key', 'AGE-SECRET-KEY-', /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/, {
    distinct: 0,
  }),
  prefixRule(
    'json-web-token',
    'JSON Web Token',
    'eyJ',
    /eyJ[\w-]{8,2000}={0,2}\.(?:eyJ[\w-]{8,6000}={0,2}(?:\.(?:[\w-]{10,2000}={0,2})?)?|[\w-]{8,6000}={0,2}\.(?:[\w-]{10,2000}={0,2})?)/,
    { accept: isJsonWebToken, apart: /[\w-]/ },
  ),
  prefixRule('json-web-token-base64', 'JSON Web Token, base64', 'ZXlK', /ZXlK[A-Za-z0-9+/_-]{60,8000}={0,2}/, {
    accept: isWrappedJsonWebToken,
    apart: /[\w+/-]/,
  }),
  prefixRule(
    'password-hash',
    'password hash',
    ['$1$', '$apr1$', '$2a$', '$2b$', '$2y$', '$5$', '$6$', '$8$', '$y$', '$argon2'],
    /\$(?:apr)?1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}(?![./A-Za-z0-9])|\$2[aby]\$\d{2}\$[./A-Za-z0-9]{53}|\$5\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}|\$6\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}|\$8\$[./A-Za-z0-9]{14}\$[./A-Za-z0-9]{43}|\$y\$[./A-Za-z0-9]{1,12}\$[./A-Za-z0-9]{1,40}\$[./A-Za-z0-9]{43}|\$argon2(?:id?|d)\$v=\d{1,3}\$[a-z0-9=,]{1,40}\$[A-Za-z0-9+/]{8,60}\$[A-Za-z0-9+/]{16,90}/,
    { confidence: 'medium', inside: true, distinct: 0 },
  ),
  prefixRule('kerberos-hash', 'Kerberos AS-REP hash', '$krb5', /\$krb5(?:asrep|tgs)\$\d{1,2}\$[^\s"']{40,2400}/, {
    inside: true,
    distinct: 0,
  }),
];
