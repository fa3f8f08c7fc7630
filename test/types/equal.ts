/** Whether two types are the same, which is more than assignable either way. */
export type Equal<A, B> = Same<A> extends Same<B> ? true : false

/** The compiler compares what depends on a `T` that it does not know part by part. */
type Same<A> = <T>() => T extends A ? 1 : 2

/** Compiles for true only. */
export function is<T extends true>(proof?: T): T | undefined {
  return proof
}
