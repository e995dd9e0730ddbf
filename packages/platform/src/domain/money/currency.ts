import { powerOfTen, type Branded } from '@counterfoil/event-store';
import { Money } from './money.ts';

/** The alphabetic code of a currency in ISO 4217, such as `USD`. */
export type CurrencyCode = Branded<string, 'CurrencyCode'>;

// ISO 4217 list one as the maintenance agency (SIX) published it on 2026-01-01: each code by the number
// of decimals of its minor unit. Left out are the 13 codes without a minor unit (metals, bond market
// units, special drawing rights, XTS, XXX): an amount in them has nothing to be rounded to. A code that
// is withdrawn later must stay known to `minorUnitOf`: accounts were kept in it, and their events are
// folded for ever.
const codesByDecimals: readonly (readonly [decimals: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
    PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
    TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

interface MinorUnit {
  readonly decimals: number;
  /** One minor unit: 0.01 of a dollar, 1 yen. */
  readonly amount: Money;
}

const minorUnits: ReadonlyMap<string, MinorUnit> = new Map(
  codesByDecimals.flatMap(([decimals, codes]) => {
    const amount = Money.units(powerOfTen(Money.scale - decimals));
    return codes.split(/\s+/).map((code) => [code, { decimals, amount }] as const);
  }),
);

/** The currency of an active ISO 4217 code, or undefined when there is none. */
export function parseCurrency(code: string): CurrencyCode | undefined {
  return minorUnits.has(code) ? (code as CurrencyCode) : undefined;
}

/** As `parseCurrency`, for literals in code; throws a RangeError. */
export function currency(code: string): CurrencyCode {
  minorUnit(code);
  return code as CurrencyCode;
}

/** How many decimals an amount in the currency has: 2 for USD, 0 for JPY, 3 for KWD. */
export function decimalsOf(code: CurrencyCode): number {
  return minorUnit(code).decimals;
}

/** The smallest amount that can be posted in the currency. */
export function minorUnitOf(code: CurrencyCode): Money {
  return minorUnit(code).amount;
}

function minorUnit(code: string): MinorUnit {
  const found = minorUnits.get(code);
  if (found === undefined) throw new RangeError(`"${code}" is not an active ISO 4217 code`);
  return found;
}

export const currencyCodes: readonly CurrencyCode[] = [...minorUnits.keys()]
  .toSorted()
  .map((code) => code as CurrencyCode);
