import { Refusal } from '../problem.ts';

/** For reads: commands on an unknown account are refused by the account itself. */
export function unknownAccount(accountId: string, moment = ''): Refusal {
  return new Refusal('ACCOUNT_UNKNOWN', `There is no account ${accountId}${moment}.`);
}
