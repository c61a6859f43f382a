import { isPlaceholder } from '../context/placeholder.ts';
import { prefixRule, type TokenRule } from './rule.ts';

/** Credentials in addresses, headers and command lines. */
export const CONNECTION: readonly TokenRule[] = [
  prefixRule(
    'url-password',
    'password in an address',
    '://',
    /:\/\/[^\s:@/"'`<>?#]{0,80}:([^\s"'`<>/]{3,200})@(?=[\w%[(.$-])/,
    {
      inside: true,
      confidence: 'medium',
      distinct: 1,
      accept: (value) => !isPlaceholder(value) && !/^\$|^%\w+%|^\*+$/.test(value),
    },
  ),
  prefixRule('http-bearer', 'bearer token in a header', ['bearer '], /bearer\s{1,3}([\w.~+/-]{14,4000}=*)/i, {
    confidence: 'medium',
    distinct: 8,
    accept: (value) => /\d/.test(value),
  }),
  prefixRule(
    'http-basic',
    'basic credentials in a header',
    ['basic '],
    /basic\s{1,3}([A-Za-z0-9+/]{8,400}={0,2})(?![\w-])/i,
    { confidence: 'medium', distinct: 6, accept: (value) => /\d|[a-z][A-Z]/.test(value) && value.length % 4 === 0 },
  ),
];
