export { checkpointText, openCheckpoint, parseCheckpoint, type Checkpoint } from './checkpoint.ts';
export {
  checkRecord,
  type CheckedRecord,
  type FullCheckOptions,
  type RecordFault,
} from './full-check.ts';
export { noteSigner, NoteRefused, parseVerifierKey, type NoteSigner } from './note.ts';
export { openSealedLog, type OpenSealedLog, type SealedLogOptions } from './open-sealed-log.ts';
export {
  NotSealedYet,
  RecordAltered,
  type EntryProof,
  type SealedEntry,
  type SealedLog,
  type SealedUpTo,
} from './sealed-log.ts';
export { createSealer, type Sealer, type SealerOptions } from './sealer.ts';
export { resumeSealing, SealingRefused, type Sealing, type SealingOptions } from './sealing.ts';
export type { Seal, TreeStore } from './tree-store.ts';
