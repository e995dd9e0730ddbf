declare const brand: unique symbol;

/**
 * A value that is told apart from others of its runtime type by name alone: an `AccountId` is a string
 * at run time, and no other string passes for it in the type checker. Each brand has one constructor,
 * at the edge where text comes in.
 */
export type Branded<Value, Name extends string> = Value & { readonly [brand]: Name };
