import { rangeError, typeError, unknownName, unknownOption } from './errors.js'

// Each option once: its default, its check and its sentence. The types of what users write, and
// of the complete settings, derive from the tables below, and so does the editor's help. The
// names of activations, losses, optimizers, initializers and metrics are those of the core's
// tables, which a test compares.

/** One option: how it is checked, and what it is where it is not given. */
interface Option<T> {
  /** Returns the value, or throws; `name` is the option as the user knows it. */
  readonly check: (name: string, value: unknown) => T
}
interface Defaulted<T> extends Option<T> {
  readonly default: T
}
/** An option without a default: `undefined` where it is not given. */
interface Optional<T> extends Option<T> {
  readonly optional: true
}

/** Options by name. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>
type Value<O> = O extends Option<infer T> ? T : never
type OptionalKeys<O extends OptionTable> = {
  [K in keyof O]: O[K] extends { default: unknown } | { optional: true } ? K : never
}[keyof O]

/** What a user writes: the options with a default, or that may be missing, are optional. */
export type OptionsOf<O extends OptionTable> = {
  readonly [K in keyof O as K extends OptionalKeys<O> ? never : K]: Value<O[K]>
} & {
  readonly [K in keyof O as K extends OptionalKeys<O> ? K : never]?: Value<O[K]> | undefined
}

/** What the rest of the program reads: every option is there. */
export type SettingsOf<O extends OptionTable> = {
  readonly [K in keyof O]: O[K] extends { optional: true } ? Value<O[K]> | undefined : Value<O[K]>
}

/**
 * Checks options against their table and fills in the defaults.
 *
 * @param owner - the function or class that was given them, for messages
 * @param others - options that the caller checks itself: known here, but not in the result
 * @throws TypeError for an unknown option, or a value of the wrong type
 * @throws RangeError for a value out of range
 */
export function complete<O extends OptionTable>(
  owner: string,
  table: O,
  given: unknown,
  others: readonly string[] = [],
): SettingsOf<O> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw typeError(`${owner} options`, 'an object', given)
  const known = [...Object.keys(table), ...others]
  for (const key of Object.keys(given))
    if (!known.includes(key)) throw unknownOption(key, owner, known)
  const values = Object.entries(table).map(([key, option]): [string, unknown] => {
    const value: unknown = Reflect.get(given, key)
    if (value === undefined && 'default' in option) return [key, option.default]
    if (value === undefined && 'optional' in option) return [key, undefined]
    return [key, option.check(key, value)]
  })
  return Object.fromEntries(values) as SettingsOf<O> // each value is what its own check returned
}

function number(what: string, accepts: (value: number) => boolean) {
  return (name: string, value: unknown): number => {
    if (typeof value !== 'number') throw typeError(name, what, value)
    if (!accepts(value)) throw rangeError(name, what, value)
    return value
  }
}

/** Checks of a single value, for arguments that are no options. */
export const checks = {
  positiveInteger: number(
    'a positive integer',
    (value) => Number.isSafeInteger(value) && value > 0,
  ),
  wholeNumber: number(
    'a non-negative integer',
    (value) => Number.isSafeInteger(value) && value >= 0,
  ),
  positive: number('a positive number', (value) => Number.isFinite(value) && value > 0),
  nonNegative: number('a non-negative number', (value) => Number.isFinite(value) && value >= 0),
  fraction: number('in [0, 1)', (value) => value >= 0 && value < 1),
  boolean: (name: string, value: unknown): boolean => {
    if (typeof value !== 'boolean') throw typeError(name, 'true or false', value)
    return value
  },
}

const mostThreads = 1024
const threadCount = number(
  `a positive integer of at most ${mostThreads}`,
  (value) => Number.isSafeInteger(value) && value > 0 && value <= mostThreads,
)

/** Returns a check that a name is one of a table's. */
export function nameIn<T extends object>(kind: string, table: T) {
  return (name: string, value: unknown): keyof T & string => {
    if (typeof value !== 'string') throw typeError(name, `the name of a known ${kind}`, value)
    if (!isKey(table, value)) throw unknownName(kind, value, Object.keys(table))
    return value
  }
}

function isKey<T extends object>(table: T, key: string): key is keyof T & string {
  return Object.hasOwn(table, key)
}

/** Activation functions: f in a = f(z). */
export const activations = {
  /** z */
  linear: {},
  /** 1 / (1 + exp(-z)) */
  sigmoid: {},
  /** tanh z */
  tanh: {},
  /** max(z, 0) */
  relu: {},
  /** exp(z) / sum of exp(z), over the outputs of a row */
  softmax: {},
} as const
/** The name of an activation function. */
export type ActivationName = keyof typeof activations

/** Initial values of weights. */
export const initializers = {
  /** 0 */
  zeros: {},
  /** Uniform in +-sqrt(6 / (inputs + outputs)); Glorot and Bengio, 2010. */
  glorotUniform: {},
} as const
/** The name of an initializer. */
export type InitializerName = keyof typeof initializers

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

/** What is reported beside the loss; means over rows. */
export const metrics = {
  /** The share of rows whose class is predicted: the largest output, or with one output its side of 1/2. */
  accuracy: {},
} as const
/** The name of a metric. */
export type MetricName = keyof typeof metrics

const learningRate = (value: number): Defaulted<number> => ({
  default: value,
  check: checks.nonNegative,
})

/** Update rules, each with its options. `learningRate` is the step size, at least 0. */
export const optimizers = {
  gradientDescent: {
    /** Step size, at least 0. Default 0.01. */
    learningRate: learningRate(0.01),
  },
  sgd: {
    /** Step size, at least 0. Default 0.01. */
    learningRate: learningRate(0.01),
    /** Share of the last velocity that is kept, in [0, 1). Default 0. */
    momentum: { default: 0, check: checks.fraction } as Defaulted<number>,
    /** Nesterov's momentum. Default false. */
    nesterov: { default: false, check: checks.boolean } as Defaulted<boolean>,
  },
  adam: {
    /** Step size, at least 0. Default 0.001. */
    learningRate: learningRate(0.001),
    /** Decay of the running mean of gradients, in [0, 1). Default 0.9. */
    beta1: { default: 0.9, check: checks.fraction } as Defaulted<number>,
    /** Decay of the running mean of squared gradients, in [0, 1). Default 0.999. */
    beta2: { default: 0.999, check: checks.fraction } as Defaulted<number>,
    /** Added to the root of the mean square (epsilon-hat of the paper), positive. Default 1e-7. */
    epsilon: { default: 1e-7, check: checks.positive } as Defaulted<number>,
  },
} as const
/** The name of an optimizer. */
export type OptimizerName = keyof typeof optimizers

/** Options of a dense layer. */
export const denseOptions = {
  /** Activation function. Default 'linear'. */
  activation: {
    default: 'linear',
    check: nameIn('activation', activations),
  } as Defaulted<ActivationName>,
  /** Whether each unit has a bias. Default true. */
  useBias: { default: true, check: checks.boolean } as Defaulted<boolean>,
  /** Initial kernel. Default 'glorotUniform'. */
  kernelInitializer: {
    default: 'glorotUniform',
    check: nameIn('initializer', initializers),
  } as Defaulted<InitializerName>,
  /** Initial biases. Default 'zeros'. */
  biasInitializer: {
    default: 'zeros',
    check: nameIn('initializer', initializers),
  } as Defaulted<InitializerName>,
  /** Strength of this kernel's L2 penalty, at least 0. Default: the Trainer's `l2`. */
  l2: { optional: true, check: checks.nonNegative } as Optional<number>,
}
/** Options of `dense`. */
export type DenseOptions = OptionsOf<typeof denseOptions>

/** Which library's conventions a network or a trainer follows. */
export const conventions = { keras: {} } as const
/** The name of a library whose conventions are followed. */
export type Conventions = keyof typeof conventions

/** Options of a Trainer that are no objects of their own. */
export const trainerOptions = {
  /** The cost function that training makes small. */
  loss: { check: nameIn('loss', losses) } as Option<LossName>,
  /** Rows per step; the rows left over at an epoch's end make a smaller batch. Default 32. */
  batchSize: { default: 32, check: checks.positiveInteger } as Defaulted<number>,
  /** Passes over the training set that `fit` makes. Default 1. */
  epochs: { default: 1, check: checks.wholeNumber } as Defaulted<number>,
  /** Whether each epoch takes the rows in another random order. Default true. */
  shuffle: { default: true, check: checks.boolean } as Defaulted<boolean>,
  /** Seed of the orders. Equal seeds give equal results. Default 0. */
  seed: { default: 0, check: checks.wholeNumber } as Defaulted<number>,
  /** Threads of a step. Results do not depend on it. Default: by the work in a step, at most one per available core. */
  threads: { optional: true, check: threadCount } as Optional<number>,
  /** Strength of the L2 penalty `l2 * sum of squares` of every kernel, at least 0. Default 0. */
  l2: { default: 0, check: checks.nonNegative } as Defaulted<number>,
  /** Whose conventions are followed. Default 'keras'. */
  conventions: {
    default: 'keras',
    check: nameIn('conventions', conventions),
  } as Defaulted<Conventions>,
}

/** Options of a Network that are no objects of their own. */
export const networkOptions = {
  /** Columns of the rows it takes. */
  inputs: { check: checks.positiveInteger } as Option<number>,
  /** Seed of the initial weights. Equal seeds give equal networks. Default 0. */
  seed: { default: 0, check: checks.wholeNumber } as Defaulted<number>,
  /** Whose conventions are followed. Default 'keras'. */
  conventions: {
    default: 'keras',
    check: nameIn('conventions', conventions),
  } as Defaulted<Conventions>,
}

/** Options of a Dataset that are no arrays. */
export const datasetOptions = {
  /** With labels: how many classes there are. Default: the largest label plus one. */
  classes: { optional: true, check: checks.positiveInteger } as Optional<number>,
  /** What every feature is multiplied with when it is read; of a size from 1e-30 to 1e30. Default 1. */
  scale: {
    default: 1,
    check: number(
      'of a size from 1e-30 to 1e30',
      (value) => Math.abs(value) >= 1e-30 && Math.abs(value) <= 1e30,
    ),
  } as Defaulted<number>,
}

/** Options of `Dataset.split`. */
export const splitOptions = {
  /** Seed of the order in which rows are dealt. Default 0. */
  seed: { default: 0, check: checks.wholeNumber } as Defaulted<number>,
  /** Whether every part gets of each class its share (needs labels). Default false. */
  stratify: { default: false, check: checks.boolean } as Defaulted<boolean>,
}
/** Options of `Dataset.split`. */
export type SplitOptions = OptionsOf<typeof splitOptions>

/** Options of `Network.checkGradients`. */
export const gradientCheckOptions = {
  /** The cost function. */
  loss: { check: nameIn('loss', losses) } as Option<LossName>,
  /** Strength of the L2 penalty of every kernel, at least 0. Default 0. */
  l2: { default: 0, check: checks.nonNegative } as Defaulted<number>,
  /** Step of the central differences, relative to weights above 1, positive. Default: the cube root of float64's epsilon, 6.06e-6. */
  epsilon: { default: Math.cbrt(Number.EPSILON), check: checks.positive } as Defaulted<number>,
}
/** Options of `Network.checkGradients`. */
export type GradientCheckOptions = OptionsOf<typeof gradientCheckOptions>
