import type { Projection, RecordedEvent, Row, RowChange } from '@counterfoil/event-store';
import { instantCell } from '../calendar/instant-cell.ts';
import { economicsText, recordOfStream, type TradeRecordEvent } from './events.ts';

/** Every captured trade as its current record says. What was before is in the log, trade by trade. */
const tradeRecords: Projection<TradeRecordEvent> = {
  name: 'trade_records',
  version: 1,
  columns: {
    trade_id: 'text',
    version: 'integer',
    counterparty_id: 'text',
    book_id: 'text',
    maturity_date: 'date',
    created_date: 'date',
    /** Y or N. */
    expired: 'text',
    account_id: 'text',
    symbol: 'text',
    side: 'text',
    quantity: 'decimal',
    price: 'decimal',
    fees: 'decimal',
    trade_date: 'date',
    execution_id: 'text',
    request_id: 'text',
    recorded_at: 'instant',
    position: 'integer',
  },
  key: ['trade_id'],
  indexes: [
    ['book_id', 'trade_id'],
    ['counterparty_id', 'trade_id'],
    ['expired', 'maturity_date', 'trade_id'],
  ],
  types: ['TradeRecordCaptured', 'TradeRecordAmended', 'TradeRecordReplaced', 'TradeRecordExpired'],
  project: projectRecord,
};

function projectRecord(recorded: RecordedEvent<TradeRecordEvent>): readonly RowChange[] {
  const event = recorded as TradeRecordEvent;
  const trade_id = recordOfStream(recorded.stream);
  switch (event.type) {
    case 'TradeRecordCaptured':
    case 'TradeRecordAmended':
    case 'TradeRecordReplaced': {
      const { data } = event;
      const row: Row = {
        trade_id,
        version: data.version,
        counterparty_id: data.counterpartyId,
        book_id: data.bookId,
        maturity_date: data.maturityDate,
        created_date: data.createdDate,
        expired: 'N',
        ...economicsText(data.economics),
        execution_id: data.executionId,
        request_id: data.requestId,
        recorded_at: instantCell(recorded.recordedAt),
        position: recorded.position,
      };
      return [{ key: [trade_id], row }];
    }
    case 'TradeRecordExpired':
      return [{ key: [trade_id], update: (row) => row && { ...row, expired: 'Y' } }];
    case 'TradeRecordRefused':
      return [];
  }
}

export const tradeRecordProjections = [tradeRecords];
