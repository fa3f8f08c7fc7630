/** Cost functions of outputs a and targets y. */
export const losses = {
  /** Mean over rows and outputs of (a - y)^2. */
  meanSquaredError: {},
  /** Half the sum over rows and outputs of (a - y)^2: not averaged. */
  halfSquaredError: {},
  /** Mean over rows and outputs of -(y log a + (1 - y) log(1 - a)); labels are 0 and 1. */
  binaryCrossentropy: {},
  /** Mean over rows of -log a for the row's class, or -sum of y log a. */
  categoricalCrossentropy: {},
} as const
/** The name of a loss. */
export type LossName = keyof typeof losses
