import { randomUUID } from 'node:crypto';
import type { HttpRequest } from './http-client.ts';
import { accountName, orderSource } from './orders.ts';

/** What a load generator sends. */
export type RequestKind =
  | { readonly kind: 'orders'; readonly accounts: number; readonly idempotencyKeys?: boolean }
  | { readonly kind: 'positions'; readonly accounts: number };

/** An endless source of requests, and what each must be answered with. */
export interface Requests {
  readonly status: number;
  next(): HttpRequest;
}

export function requestsOf(what: RequestKind): Requests {
  switch (what.kind) {
    case 'orders':
      return orders(what.accounts, what.idempotencyKeys === true);
    case 'positions':
      return positions(what.accounts);
  }
}

const json = { 'content-type': 'application/json' };

function orders(accounts: number, idempotencyKeys: boolean): Requests {
  const nextOrder = orderSource(accounts);
  return {
    status: 201,
    next: () => {
      const { account, ...order } = nextOrder();
      return {
        method: 'POST',
        path: `/api/v1/accounts/${account}/orders`,
        headers: idempotencyKeys ? { ...json, 'idempotency-key': randomUUID() } : json,
        body: JSON.stringify(order),
      };
    },
  };
}

function positions(accounts: number): Requests {
  return {
    status: 200,
    next: () => ({
      method: 'GET',
      path: `/api/v1/accounts/${accountName(Math.floor(Math.random() * accounts))}/positions`,
      headers: {},
    }),
  };
}
