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
type); its seal (every byte of every sealed event, the tree of hashes, the signed checkpoint, and every checkpoint
in the file of checkpoints); every read model, row by row, against a fresh fold of the log. Says what is first wrong with each.

Exit code: 0 all sound, 1 something is wrong or it could not run, 130 interrupted.

What was appended since the last seal, a moment ago at most while a server runs, is not sealed yet. A server may run
meanwhile.

Examples:
  counterfoil verify
  counterfoil verify && counterfoil backup /backups/counterfoil.sqlite`;

export const checkpoint = `
A checkpoint is a signed note: the name of the log, how many events it has, and the root of the tree of hashes over
them. Whoever has kept one can tell later whether anything before it was changed or removed. The keys tell whether a
checkpoint is the log's own: hand them out once, by a way that you trust. A server may run meanwhile.

Exit code: 0 done, 1 nothing is sealed yet or it could not run.

Examples:
  counterfoil checkpoint >> /mnt/elsewhere/checkpoints.txt
  counterfoil checkpoint --keys`;

export const backup = `
The server may run and write: the backup holds the log as it was when the copy came to its end. It is an SQLite
file from whatever store. A file that holds an earlier backup is brought up to date, which copies only what is
new; a new one gets its name when it is whole. Stopped in whatever way, the same command goes on where it was.

Exit code: 0 the backup is whole, 1 it could not be made, 130 interrupted.

Examples:
  counterfoil backup /backups/counterfoil.sqlite`;

export const exporting = `
Writes entries as docs/record-format.md says, with the checkpoint that signs them: counterfoil-verify checks the file
anywhere, with nothing but the log's public key. Only what is sealed is exported, and each entry is held against its
seal as it is read. The server may run meanwhile. Stopped with Ctrl-C, nothing is left.

Exit code: 0 exported, 1 it could not be, 130 interrupted.

Examples:
  counterfoil export --to record.jsonl
  counterfoil export --to june.jsonl --from 18001 --until 21500`;

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

export const keys = `
  list             the key-encryption keys, and how many subjects have a key
  rotate           make a new key-encryption key, and wrap every key anew; events are not touched
  backup FILE      copy the wrapped keys into a file
  restore FILE     bring them back; who is erased, here or in the file, stays erased

A server may run meanwhile. The file opens nothing by itself: what guards the key-encryption keys (the file
keys/key-encryption.json in the data directory, or AWS KMS) has to be kept too, and apart from it.

Exit code: 0 done, 1 it could not run.

Examples:
  counterfoil keys list
  counterfoil keys backup /backup/keys-2026-11-20.jsonl`;

export const users = `
  list                   every user, with id, status and roles
  add USERNAME           register one, with a random password that is printed once
  password USERNAME      give one another random password; all sessions end
  deactivate USERNAME    let one log in no more; all sessions end
  withdraw-token-keys    trust no access token from before, when somebody may have the key that signs them

For when nobody can log in who may do it there: whoever can read the data directory may do this. A server may run
meanwhile, and knows of it at once.

Exit code: 0 done, 1 it could not be done.

Examples:
  counterfoil users list
  counterfoil users add ada --name "Ada Lovelace" --role ANALYST
  counterfoil users password admin`;

export const archive = `
Goes on behind the files that are in the directory. Each is an export, compressed with gzip, with a checkpoint that
covers it: unpacked, it verifies by itself. Nothing is removed from the store, which a server may use meanwhile.

Exit code: 0 all is archived, 1 it could not run, 130 interrupted.

Examples:
  counterfoil archive --until 2026-01-01 --to /archive`;
