// What `--help` says below the options.

export const program = `
The store and everything else is set in the environment (COUNTERFOIL_DATA_DIR, COUNTERFOIL_STORE, ...) or in
the file named by --config; the environment wins.`;

export const serve = `
SIGTERM and SIGINT (Ctrl-C) finish the requests under way and close the stores, within 30 seconds.

Examples:
  counterfoil serve --demo
  COUNTERFOIL_PORT=9000 COUNTERFOIL_DATA_DIR=/srv/counterfoil counterfoil serve`;

export const replay = `
Without --json, whole streams are folded into states as the program itself does, and the events are counted by
type. A server may run meanwhile.

Exit code: 0 done, 1 it could not run, 130 interrupted.

Examples:
  counterfoil replay
  counterfoil replay --stream account-DEMO-08 --json
  counterfoil replay --type TradeRefused --json
  counterfoil replay --from 17000 --to 18000 --json
  counterfoil replay --to 2026-05-20T16:00:00-04:00`;

export const rebuild = `
Queries go on against the old tables until the new ones have caught up, so a server may run meanwhile, and helps.
Without a name all read models are rebuilt. Stopped with Ctrl-C, the same command goes on where it was.

Exit code: 0 all are rebuilt, 1 it could not run, 130 interrupted.

Examples:
  counterfoil rebuild
  counterfoil rebuild positions trade_history`;

export const verify = `
Checks, in this order: the files (what SQLite itself can tell); the log (positions without a gap, versions of each
stream one after the other, recorded times that never run backwards, every event decodable, and found by its
type); every read model, row by row, against a fresh fold of the log. Says what is first wrong with each.

Exit code: 0 all sound, 1 something is wrong or it could not run, 130 interrupted.

A changed byte that leaves an event readable is found only where a read model shows it. A server may run meanwhile.

Examples:
  counterfoil verify
  counterfoil verify && counterfoil backup /backups/counterfoil.sqlite`;

export const backup = `
The server may run and write: the backup holds the log as it was when the copy came to its end. It is an SQLite
file from whatever store. A file that holds an earlier backup is brought up to date, which copies only what is
new; a new one gets its name when it is whole. Stopped in whatever way, the same command goes on where it was.

Exit code: 0 the backup is whole, 1 it could not be made, 130 interrupted.

Examples:
  counterfoil backup /backups/counterfoil.sqlite`;

export const restore = `
Restores into the configured store, which must be empty, or with --in-place over the log of the embedded store,
whose server must be stopped; the old log stays beside it under a dated name. Then the read models are built.
Nothing takes the place of the log before it is whole. A moment never parts what was written together, while a
position can fall between two events of one command.

Exit code: 0 restored, 1 it could not run, 130 interrupted: the same command then goes on.

Examples:
  counterfoil restore /backups/counterfoil.sqlite
  counterfoil restore /backups/counterfoil.sqlite --to 2026-05-20T16:00:00-04:00
  counterfoil restore /backups/counterfoil.sqlite --to 18000 --in-place`;
