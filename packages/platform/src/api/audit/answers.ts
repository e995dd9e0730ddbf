import { formatInstant } from '@counterfoil/event-store';
import { NotSealedYet, RecordAltered } from '@counterfoil/event-store/log';
import { Type, type Static } from 'typebox';
import { InstantText } from '../../domain/calendar/contract.ts';
import { checkOccasions, checkOutcomes } from '../../domain/record/events.ts';
import type { LogCheckedEvent } from '../../record/checks.ts';
import { EventAnswer } from '../event-json.ts';
import type { Access } from '../operation.ts';
import { Refusal } from '../problem.ts';

export const auditTag = 'Audit';

/** For those who examine the record. */
export const auditAccess: Access = { resource: 'audit', permission: 'AUDIT' };

const Base64 = Type.String({ contentEncoding: 'base64' });

/** An event as it was sealed. */
export const EntryAnswer = Type.Object(
  {
    ...EventAnswer.properties,
    leafHash: Type.String({
      contentEncoding: 'base64',
      description: 'Of the entry, as it stands in the tree that is signed',
    }),
  },
  { title: 'Entry' },
);
export type EntryAnswer = Static<typeof EntryAnswer>;

export const EntryProofAnswer = Type.Object(
  {
    format: Type.Unsafe<'counterfoil-entry/1'>({ type: 'string', const: 'counterfoil-entry/1' }),
    leaf: Type.String({
      contentEncoding: 'base64',
      description: 'The bytes that were sealed: docs/record-format.md says what they are',
    }),
    proof: Type.String({ description: 'A C2SP tlog-proof, the signed checkpoint with it' }),
  },
  { title: 'EntryProof', description: 'Give it to the offline verifier as it is' },
);

export const CheckpointAnswer = Type.Object(
  {
    origin: Type.String({ description: 'The name of the log' }),
    size: Type.Integer({ description: 'Entries that it covers: those from 1 to here' }),
    root: Base64,
    note: Type.String({ description: 'The signed note itself' }),
  },
  { title: 'Checkpoint' },
);

export const ConsistencyAnswer = Type.Object(
  {
    from: Type.Integer(),
    to: Type.Integer(),
    hashes: Type.Array(Base64, { description: 'RFC 6962, section 2.1.2' }),
  },
  { title: 'ConsistencyProof' },
);

export const LogKeysAnswer = Type.Object(
  {
    origin: Type.String(),
    keys: Type.Array(Type.String(), {
      description:
        'Verifier keys of C2SP notes, the newest first: compare them with a copy you trust',
    }),
  },
  { title: 'LogKeys' },
);

const IntegerOrNull = Type.Unsafe<number | null>({ type: ['integer', 'null'] });

export const CheckAnswer = Type.Object(
  {
    occasion: Type.Enum(checkOccasions),
    from: Type.Integer(),
    to: Type.Integer({ description: 'The last entry that was held against the seal' }),
    outcome: Type.Enum(checkOutcomes),
    badPosition: IntegerOrNull,
    reason: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    checkedAt: InstantText,
    by: Type.String(),
    position: Type.Integer({ description: 'Of the event that recorded it' }),
  },
  { title: 'RecordCheck' },
);
type CheckAnswer = Static<typeof CheckAnswer>;

export function checkAnswer({
  data,
  recordedAt,
  metadata,
  position,
}: LogCheckedEvent): CheckAnswer {
  return { ...data, checkedAt: formatInstant(recordedAt), by: metadata.userId, position };
}

/** Does work on the sealed log; what keeps it from an answer becomes a refusal. */
export async function provably<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (failure) {
    if (failure instanceof RecordAltered) {
      const { position } = failure;
      throw new Refusal('RECORD_ALTERED', `Entry ${position} is not what was sealed.`);
    }
    if (failure instanceof NotSealedYet) {
      throw new Refusal('NOT_SEALED_YET', 'The log is not sealed so far yet.');
    }
    throw failure;
  }
}
