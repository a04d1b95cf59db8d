/** A nominal type: a `string` that has been checked once and can then be trusted by its type. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
