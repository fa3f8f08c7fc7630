import { GemmnetError } from '../../lib/index.js'

/** Whether an error is one that a user can be told: of an argument, or one with a code. */
export const isClear = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof RangeError || error instanceof GemmnetError
