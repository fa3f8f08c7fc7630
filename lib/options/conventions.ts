/** Which library's conventions a network or a trainer follows. */
export const conventions = { keras: {}, torch: {}, sklearn: {} } as const
/** The name of a library whose conventions are followed. */
export type Conventions = keyof typeof conventions

/** Whether a value names one of them. */
export function isConventions(value: unknown): value is Conventions {
  return typeof value === 'string' && Object.hasOwn(conventions, value)
}
