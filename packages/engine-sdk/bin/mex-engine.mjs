#!/usr/bin/env node
// A file of the source tree, so that package managers can link the command before the package is built.
await import('../dist/cli.js');
