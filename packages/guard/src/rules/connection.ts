import { isPlaceholder, isTemplate } from '../context/placeholder.ts';
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
      confidence: (value) => (isPlaceholder(value) ? 'low' : 'medium'),
      distinct: 0,
      accept: (value) => !isTemplate(value),
    },
  ),
  prefixRule('http-bearer', 'bearer token in a header', ['bearer '], /bearer\s{1,3}([\w.~+/-]{14,4000}={0,3})/i, {
    confidence: 'medium',
    apart: /\w/,
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
  prefixRule(
    'command-line-user',
    'credentials given to curl',
    [' -u ', '\n-u ', ' --user ', ' --user=', ' -u"', " -u'"],
    /\s(?:-u|--user)[ =]{0,3}["']?(?:[^\s:"'<]{1,64}|\{[^}\s]{1,64}\})["']?:["']?([^\s"']{3,200})/,
    {
      inside: true,
      confidence: 'medium',
      distinct: 3,
      near: /\bcurl\b/i,
      accept: (value) => !/^["']?[$<{]\w*[$<{(]|^\$/.test(value) && !isPlaceholder(value),
    },
  ),
  prefixRule(
    'connection-string-password',
    'password in a connection string',
    ['password=', 'pwd='],
    /(?:password|pwd)\s{0,2}=\s{0,2}([^;"'`\s\\${}<>[\]()]{4,128})(?:;|(?=["'`]))/i,
    { confidence: 'medium', distinct: 3, near: /;|(?:user|uid|server|host|data source)\s{0,2}=/i },
  ),
  prefixRule('psexec-password', 'password given to PsExec', 'psexec', /psexec[^\r\n]{1,200}? -p ([^\s"'%]{3,64})/i, {
    distinct: 3,
    confidence: 'medium',
  }),
  prefixRule(
    'netrc-password',
    'password in .netrc',
    'machine ',
    /machine\s{1,8}\S{1,200}\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}(\S{3,200})/,
    { confidence: 'medium', distinct: 3 },
  ),
];
