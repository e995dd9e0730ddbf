import { Type } from 'typebox';
import { fieldErrors, type FieldErrorCode } from '../errors.ts';
import { streamSchema, type DocumentedSchema } from '../operation.ts';
import { lineSchemas } from './line-commands.ts';

export const bulkMediaType = 'application/x-ndjson';

const BulkAnswer = Type.Object(
  {
    line: Type.Integer({ description: 'From 1, blank lines counted' }),
    status: Type.Enum(['accepted', 'rejected', 'invalid', 'failed']),
    code: Type.Optional(Type.String({ description: 'Of an error, as in problem documents' })),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          in: Type.String(),
          pointer: Type.String(),
          code: Type.Unsafe<FieldErrorCode>({ type: 'string', enum: Object.keys(fieldErrors) }),
          detail: Type.String(),
        }),
      ),
    ),
    tradeId: Type.Optional(Type.String({ description: 'That was made, when the line said none' })),
    version: Type.Optional(Type.Integer()),
    position: Type.Optional(Type.Unsafe<number | null>({ type: ['integer', 'null'] })),
    replayed: Type.Optional(
      Type.Boolean({ description: 'The answer of an earlier line with the same idempotencyKey' }),
    ),
  },
  { title: 'BulkAnswer' },
);

const example = [
  '{"command":"Deposit","accountId":"ACC-1001","amount":"100.00"}',
  '{"command":"BookTrade","accountId":"ACC-1001","side":"BUY","symbol":"AAPL","quantity":"1","price":"189.50"}',
  '',
].join('\n');

export const bulkSchema: DocumentedSchema = streamSchema(
  {
    tag: 'Bulk',
    id: 'runBulkCommands',
    access: { resource: 'commands', permission: 'CREATE' },
    summary: 'Run many commands in one stream',
    description:
      'Each line is a command in JSON: the name of the command, the account or symbol, the fields of its ' +
      'route and, if wanted, an idempotencyKey and an expectedVersion. Each answer is a line too, in the ' +
      'order of the lines, sent as soon as the command is durable. Commands of one account, and of one ' +
      'symbol, take effect in order; commands to instruments, prices and accounts wait for each other. ' +
      '"invalid" lines broke the contract, "rejected" ones were refused by the ledger, "failed" ones may ' +
      'be sent again. The server stops reading while answers are not read, so read while you write. ' +
      'Blank lines are passed over. A server that is told to stop answers the lines that it has read, and ' +
      'ends the stream.',
    errors: ['MEDIA_TYPE_UNSUPPORTED'],
  },
  bulkMediaType,
  {
    request: Type.Union(Object.values(lineSchemas), { examples: [example] }),
    answer: BulkAnswer,
  },
);
