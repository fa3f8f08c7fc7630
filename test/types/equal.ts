/** Whether two types are the same, which is more than assignable either way. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles for true only. */
export function is<T extends true>(this: void, _?: T): void {
  // The type is all there is.
}
