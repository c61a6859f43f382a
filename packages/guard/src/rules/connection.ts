import { isInstruction, isPlaceholder, isTemplate } from '../context/placeholder.ts';
import { prefixRule, type TokenRule } from './rule.ts';

/** Hosts that a manual or a fresh installation uses: this machine. */
const LOCAL_HOST = /@(?:localhost|127\.0\.0\.1|\[::1\])/iy;
/** Networks and names that are kept for documentation (RFC 3849, RFC 5737, RFC 2606) and lead nowhere. */
const DOCUMENTED_HOST =
  /@(?:\[2001:db8:|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|[\w.-]{0,80}\.(?:example|invalid|test)(?![\w.-]))/iy;
/** What stands for a user in a manual. */
const SAMPLE_USER = /^(?:username|[_a-z]*your[_a-z]*)$/i;

function isAt(host: RegExp, text: string, at: number): boolean {
  host.lastIndex = at;
  return host.test(text);
}

/** `postgres://postgres:postgres@localhost`, `x://username:password@localhost`: what a fresh installation or a manual has. */
function isSampleAddress(text: string, start: number, end: number): boolean {
  const value = text.slice(start, end);
  if (isPlaceholder(value) && isAt(DOCUMENTED_HOST, text, end)) return true;
  if (!isAt(LOCAL_HOST, text, end)) return false;
  const lead = /([\w+.-]{1,20}):\/\/([^\s:/]{0,80}):$/.exec(text.slice(Math.max(0, start - 110), start));
  const [, scheme = '', user = ''] = lead ?? [];
  if (user === '') return false;
  return value === user ? scheme.startsWith(value) : isPlaceholder(value) && SAMPLE_USER.test(user);
}

/** Credentials in addresses, headers and command lines. */
export const CONNECTION: readonly TokenRule[] = [
  prefixRule(
    'url-password',
    'password in an address',
    '://',
    /:\/\/[^\s:/"'`<>?#]{0,80}:([^\s"'`<>/]{3,200})@(?=[\w%[(.$-])/,
    {
      inside: true,
      confidence: (value) => (isPlaceholder(value) ? 'low' : 'medium'),
      distinct: 0,
      accept: (value) => !isTemplate(value) && !isInstruction(value),
      refute: isSampleAddress,
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
  prefixRule(
    'network-credential',
    'password of a network credential in .NET',
    ['NetworkCredential(', 'DirectoryEntry('],
    /(?:NetworkCredential\(|DirectoryEntry\(\s{0,24}"[^"\n]{0,120}",)\s{0,24}(?:"[^"\n]{0,80}"|[\w.]{1,60})\s{0,8},\s{0,24}@?"([^"\s]{4,80})"/,
    { confidence: 'medium', distinct: 4 },
  ),
  prefixRule(
    'configured-password',
    'password in an XML configuration',
    ['password" value="', 'pwd" value="', 'secret" value="', "password' value='"],
    /(?:(?:password|pwd|secret)" value="|password' value=')([^"'\s%{}$<>]{6,128})["']/i,
    { confidence: 'medium', distinct: 4, inside: true },
  ),
  prefixRule(
    'pgpass-password',
    'password in .pgpass',
    ':5432:',
    /:5432:[\w*.-]{1,60}:[\w.-]{1,60}:([^\s:"'`/\\]{4,100})(?![^\s])/,
    {
      inside: true,
      distinct: 0,
      confidence: (value) => (isPlaceholder(value) ? 'low' : 'medium'),
      accept: (value) => !isTemplate(value) && !isInstruction(value),
    },
  ),
  prefixRule('psexec-password', 'password given to PsExec', 'psexec', /psexec[^\r\n]{1,200}? -p ([^\s"'%]{3,64})/i, {
    distinct: 3,
    confidence: 'medium',
    accept: (value) => !/^[[(\\$<{]/.test(value),
  }),
  prefixRule(
    'netrc-password',
    'password in .netrc',
    'machine ',
    /machine\s{1,8}\S{1,200}\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8}(\S{3,200})/,
    { confidence: 'medium', distinct: 3 },
  ),
];
