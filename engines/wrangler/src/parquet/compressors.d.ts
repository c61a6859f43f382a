// The package has types for its front door only, which also brings WebAssembly and the dictionary of Brotli along.

declare module 'hyparquet-compressors/src/gzip.js' {
  /** Writes into `output` and nowhere else. */
  export function gunzip(input: Uint8Array, output: Uint8Array): Uint8Array;
}

declare module 'hyparquet-compressors/src/lz4.js' {
  export function decompressLz4(input: Uint8Array, outputLength: number): Uint8Array;
  export function decompressLz4Raw(input: Uint8Array, outputLength: number): Uint8Array;
}
