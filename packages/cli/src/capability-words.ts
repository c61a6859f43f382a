/** What a capability lets an engine do, for whoever decides whether to have it (CONTRACT §7). */
export function describeCapability(id: string): string {
  const colon = id.indexOf(':');
  const axis = colon < 0 ? id : id.slice(0, colon);
  const scope = colon < 0 ? '' : id.slice(colon + 1);
  if (axis === 'fs.read')
    return scope === 'inputs' ? 'read the inputs of its operation' : `read files: ${scope || 'any'}`;
  if (axis === 'fs.write') return 'write artifacts into the store';
  if (axis === 'net.http') return `make HTTP requests to ${scope || 'any host'}; needs a consent`;
  if (axis === 'proc.exec') return `start the program ${scope || 'of its choice'}`;
  if (axis === 'gpu.compute') return 'compute on the GPU';
  if (axis.startsWith('device.')) return `use the device ${axis.slice('device.'.length)}; needs a consent`;
  if (axis === 'secrets.use') return `use the secret ${scope || 'of its choice'}; needs a consent`;
  return id;
}
