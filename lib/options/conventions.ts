/** Which library's conventions a network or a trainer follows. */
export const conventions = { keras: {}, torch: {}, sklearn: {} } as const
/** The name of a library whose conventions are followed. */
export type Conventions = keyof typeof conventions
