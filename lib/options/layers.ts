import { rangeError, typeError } from '../errors.js'
import { activations } from './activations.js'
import { arrayOf, checks, number } from './checks.js'
import { initializers } from './initializers.js'
import type { Named } from './named.js'
import { namedIn } from './named.js'
import type { OptionsOf } from './option.js'
import { complete, defaulted, optional, required } from './option.js'

const trainable = defaulted(true, checks.boolean)

/** float32 tells so many whole numbers from 0 on apart. */
const mostCategories = 2 ** 24

/** What an embedding makes of a column. */
export const embeddedColumnOptions = {
  /** The column of the input, from 0; its values are 0, 1, ... categories - 1. */
  column: required(checks.wholeNumber),
  /** How many categories there are, an integer from 1 to 2^24. */
  categories: required(
    number(
      `an integer from 1 to ${mostCategories}`,
      (value) => Number.isInteger(value) && value >= 1 && value <= mostCategories,
    ),
  ),
  /** How many numbers each of them becomes, a positive integer. */
  dimensions: required(checks.positiveInteger),
} as const
/** What an embedding makes of a column. */
export type EmbeddedColumn = OptionsOf<typeof embeddedColumnOptions>

const checkEmbeddedColumns = arrayOf(
  'an array of columns, such as { column: 0, categories: 7, dimensions: 3 }',
  (name, value) => {
    if (typeof value !== 'object' || value === null)
      throw typeError(name, 'a column, such as { column: 0, categories: 7, dimensions: 3 }', value)
    return Object.freeze(complete('column', embeddedColumnOptions, value, { path: `${name}.` }))
  },
)

function embeddedColumns(name: string, value: unknown): readonly EmbeddedColumn[] {
  const columns = checkEmbeddedColumns(name, value)
  if (columns.length === 0) throw rangeError(name, 'one column or more', value)
  columns.forEach(({ column }, i) => {
    if (columns.findIndex((other) => other.column === column) !== i)
      throw rangeError(`${name}[${i}].column`, 'a column that is not in the list yet', column)
  })
  return columns
}

/** Kinds of layers, each with its options. */
export const layers = {
  /** a = f(x W + b) */
  dense: {
    /** Number of outputs, a positive integer. */
    units: required(checks.positiveInteger),
    /** Activation function. Default 'linear'. */
    activation: defaulted('linear', namedIn('activation', activations)),
    /** Whether each unit has a bias. Default true. */
    useBias: defaulted(true, checks.boolean),
    /** Initial kernel. Default 'glorotUniform'; 'torchUniform' or 'sklearnUniform' with those conventions. */
    kernelInitializer: defaulted('glorotUniform', namedIn('initializer', initializers), {
      torch: 'torchUniform',
      sklearn: 'sklearnUniform',
    }),
    /** Initial biases. Default 'zeros'; 'torchUniform' or 'sklearnUniform' with those conventions. */
    biasInitializer: defaulted('zeros', namedIn('initializer', initializers), {
      torch: 'torchUniform',
      sklearn: 'sklearnUniform',
    }),
    /** Strength of this kernel's L1 penalty, at least 0. Default: the Trainer's `l1`. */
    l1: optional(checks.nonNegative),
    /** Strength of this kernel's L2 penalty, at least 0. Default: the Trainer's `l2`. */
    l2: optional(checks.nonNegative),
    /** Strength of the biases' L1 penalty, at least 0. Default 0. */
    biasL1: defaulted(0, checks.nonNegative),
    /** Strength of the biases' L2 penalty, at least 0. Default 0; with torch conventions the Trainer's `l2`. */
    biasL2: optional(checks.nonNegative),
    /** Strength of the L1 penalty of the layer's outputs, a mean over rows, at least 0. Default 0. */
    activityL1: defaulted(0, checks.nonNegative),
    /** Strength of the L2 penalty of the layer's outputs, a mean over rows, at least 0. Default 0. */
    activityL2: defaulted(0, checks.nonNegative),
    /** Limit, positive, of the Euclidean norm of each unit's kernel column, kept after every step. Default: none. */
    maxNorm: optional(checks.positive),
    /** Whether training changes the layer. Default true. */
    trainable,
  },
  /** a = f(x) */
  activation: {
    /** Activation function. */
    activation: required(namedIn('activation', activations)),
  },
  /** In training, each value is 0 with probability `rate`, else it is divided by 1 - rate. */
  dropout: {
    /** Probability of a 0, in [0, 1). */
    rate: required(checks.fraction),
  },
  /** In training, adds a normal draw to each value. */
  gaussianNoise: {
    /** Standard deviation, at least 0. */
    stddev: required(checks.nonNegative),
  },
  /** gamma (x - mean) / sqrt(variance + epsilon) + beta, by columns. */
  batchNorm: {
    /** Weight of the old value in the running mean and variance, in [0, 1). They settle in some 5 / (1 - momentum) steps: short trainings need less. Default 0.99; 0.9 with torch conventions (PyTorch's own `momentum` is 1 minus this). */
    momentum: defaulted(0.99, checks.fraction, { torch: 0.9 }),
    /** Added to the variance, from 1e-30 to 1e30. Default 0.001; 1e-5 with torch conventions. */
    epsilon: defaulted(1e-3, checks.positiveFloat, { torch: 1e-5 }),
    /** Whether the running variance is that of a sample, divided by rows - 1. Default false; true with torch conventions. */
    unbiasedVariance: defaulted(false, checks.boolean, { torch: true }),
    /** Whether training changes the layer; if not, it normalizes with the running mean and variance. Default true. */
    trainable,
  },
  /** gamma (x - mean) / sqrt(variance + epsilon) + beta, with each row's own mean and variance. */
  layerNorm: {
    /** Added to the variance, from 1e-30 to 1e30. Default 0.001; 1e-5 with torch conventions. */
    epsilon: defaulted(1e-3, checks.positiveFloat, { torch: 1e-5 }),
    /** Whether training changes the layer. Default true. */
    trainable,
  },
  /** Columns of categories become rows of learned tables. */
  embedding: {
    /** The columns that hold categories, one or more; the others pass. */
    columns: required(embeddedColumns),
    /** Initial tables, of shape `[categories, dimensions]`. Default 'uniform', within +-0.05; 'normal' of deviation 1 with torch conventions. */
    initializer: defaulted('uniform', namedIn('initializer', initializers), { torch: 'normal' }),
    /** Strength of the tables' L1 penalty, at least 0. Default: the Trainer's `l1`. */
    l1: optional(checks.nonNegative),
    /** Strength of the tables' L2 penalty, at least 0. Default: the Trainer's `l2`. */
    l2: optional(checks.nonNegative),
    /** Whether training changes the layer. Default true. */
    trainable,
  },
} as const
/** The kind of a layer. */
export type LayerType = keyof typeof layers

/** An activation function: its name, or an object with its name and options. */
export type Activation = Named<typeof activations>
/** An initializer: its name, or an object with its name and options. */
export type Initializer = Named<typeof initializers>

/** Options of `dense`. @interface */
export type DenseOptions = Omit<OptionsOf<typeof layers.dense>, 'units'>
/** Options of `batchNorm`. @interface */
export type BatchNormOptions = OptionsOf<typeof layers.batchNorm>
/** Options of `embedding`. @interface */
export type EmbeddingOptions = OptionsOf<typeof layers.embedding>
/** Options of `layerNorm`. @interface */
export type LayerNormOptions = OptionsOf<typeof layers.layerNorm>
