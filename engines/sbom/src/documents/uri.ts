/** Longer ones are no addresses anybody can fetch. */
const MAX_LENGTH = 4096;

/**
 * A lockfile's address as an absolute URI with a scheme, fit for a document that other programs parse: characters a URI
 * may not hold are percent-encoded, Git's `user@host:path` becomes `ssh://user@host/path`.
 *
 * @returns `undefined` when no URI can be made of it.
 */
export function toUri(address: string): string | undefined {
  if (address.length > MAX_LENGTH) return undefined;
  const scp = /^(?:([\w.-]+)@)?([\w-]+(?:\.[\w-]+)+):(?!\/\/)(?!\d+(?:\/|$))(.+)$/.exec(address);
  const text = scp === null ? address : `ssh://${scp[1] === undefined ? '' : `${scp[1]}@`}${scp[2]}/${scp[3]}`;
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):(\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text);
  if (parts === null) return undefined;
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] = parts;
  if (authority.length <= 2 && path.length <= 1) return undefined;
  if (
    authority !== '' &&
    !/^\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?(?:[\w.~-]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/.test(authority)
  ) {
    return undefined;
  }
  return `${scheme.toLowerCase()}:${authority}${escape(path)}${escape(query)}${fragment === '' ? '' : `#${escape(fragment.slice(1))}`}`;
}

/** Keeps valid percent-encoding, encodes stray per cent signs and what RFC 3986 does not allow. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(/%(?![0-9A-Fa-f]{2})/g, '%25')
    .replace(/[^\w.~!$&'()*+,;=:@/?%-]+/g, encodeURIComponent);
}
