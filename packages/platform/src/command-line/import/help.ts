import { describeColumns, importKinds } from './kinds.ts';

export const importHelp = `
The first line names the columns, in any order (* required; empty cells count as absent):

${Object.values(importKinds).map(describeColumns).join('\n\n')}

A record is one line, in UTF-8, with commas between the cells and quotation marks (RFC 4180) around those that
hold commas. Lines of one account or symbol take effect in the order of the file. Every bad line is reported with
its number, a code and the reason; the others are imported. Refused lines go to <file>.refused.csv, which can be
corrected and imported like any file.

Interrupted in whatever way, the same command goes on where it was; importing a file a second time imports
nothing twice, and tries again what was refused. A server may run on the same data meanwhile; without one, the
read models catch up when it starts. Trades are fastest in order of their dates.

Exit code: 0 all imported, 2 some lines refused, 1 could not run, 130 interrupted.

Examples:
  counterfoil import instruments examples/import/instruments.csv
  counterfoil import accounts examples/import/accounts.csv
  counterfoil import prices examples/import/prices.csv
  counterfoil import trades examples/import/trades.csv`;
