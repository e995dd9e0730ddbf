#!/usr/bin/env node
// Plain JavaScript with nothing newer than dynamic import, so that an old Node
// reaches the sentence below instead of a syntax error.
var major = Number(process.versions.node.split('.')[0]);

if (major < 24) {
  console.error(
    'Counterfoil needs Node 24 or newer and this is Node ' +
      process.versions.node +
      ': run it with `npm start`, which brings its own Node 24, or install Node 24.',
  );
  process.exit(1);
}

// A rejection is left unhandled on purpose: Node prints it and exits 1.
void import('../src/main.ts');
