import { rangeError, show, typeError } from './errors.js'
import type { NativeNamed } from './native.js'
import type {
  Conventions,
  LearningRate,
  LearningRateFunction,
  OptimizerName,
  OptionsOf,
  OptionTable,
  QuasiNewtonName,
  Schedule,
} from './options/index.js'
import { complete, nameIn, optimizers, quasiNewton } from './options/index.js'
import { constant } from './schedules.js'
import { description, inCoreOrder } from './tables.js'

const tables = { ...optimizers, ...quasiNewton } as const

/** The options of an optimizer, by its name. */
export type OptimizerOptions<N extends OptimizerName = OptimizerName> = N extends OptimizerName
  ? OptionsOf<(typeof tables)[N]>
  : never

/** An update rule with its options, as `sgd`, `adam` and so on make them. */
export interface Optimizer<N extends OptimizerName = OptimizerName> {
  readonly name: N
  /** The options that were given; the Trainer's conventions fill in the rest. */
  readonly options: OptimizerOptions<N>
}

function make<N extends OptimizerName>(
  name: N,
  options: OptimizerOptions<N>,
  path = '',
): Optimizer<N> {
  checkOrder(name, complete<OptionTable>(name, tables[name], options, { path }), path)
  return Object.freeze({ name, options: { ...options } })
}

/** Pairs of options of which the first is at most the second. */
const ordered: Readonly<Partial<Record<OptimizerName, readonly [string, string]>>> = {
  rprop: ['minimumStep', 'maximumStep'],
  levenbergMarquardt: ['mu', 'maximumMu'],
}

function checkOrder(
  name: OptimizerName,
  settings: Readonly<Record<string, unknown>>,
  path: string,
): void {
  const [lower = '', upper = ''] = ordered[name] ?? []
  if (Number(settings[lower]) > Number(settings[upper]))
    throw rangeError(
      path + lower,
      `at most \`${path}${upper}\`, ${show(settings[upper])}`,
      settings[lower],
    )
}

// The formulas are those of the default conventions, Keras's; where PyTorch's or scikit-learn's are
// others, options say so (options/optimizers.ts). g is the gradient of a batch and its penalties.

/**
 * Gradient descent on the whole training set: one step an epoch, `w -= learningRate * g`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function gradientDescent(
  options: OptimizerOptions<'gradientDescent'> = {},
): Optimizer<'gradientDescent'> {
  return make('gradientDescent', options)
}

/**
 * Stochastic gradient descent by batches, with momentum if wanted:
 * `v = momentum * v - learningRate * g; w += v`, or with `nesterov`
 * `w += momentum * v - learningRate * g`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })
 * sgd({ learningRate: stepDecay(0.1, { every: 10 }) })
 */
export function sgd(options: OptimizerOptions<'sgd'> = {}): Optimizer<'sgd'> {
  return make('sgd', options)
}

/**
 * AdaGrad (J. Duchi, E. Hazan and Y. Singer, JMLR 12, 2011): `s += g^2` from `initialAccumulator`
 * on, `w -= learningRate * g / sqrt(s + epsilon)`. PyTorch's `lr_decay` is
 * `learningRate: inverseTimeDecay(rate, { decay })`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function adagrad(options: OptimizerOptions<'adagrad'> = {}): Optimizer<'adagrad'> {
  return make('adagrad', options)
}

/**
 * RMSprop (T. Tieleman and G. Hinton, lecture 6.5 of "Neural networks for machine learning", 2012):
 * `v = rho * v + (1 - rho) * g^2; b = momentum * b + learningRate * g / sqrt(v + epsilon); w -= b`;
 * `centered` (A. Graves, arXiv 1308.0850, 2013) takes the square of the mean gradient from v.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function rmsprop(options: OptimizerOptions<'rmsprop'> = {}): Optimizer<'rmsprop'> {
  return make('rmsprop', options)
}

/**
 * AdaDelta (M. Zeiler, arXiv 1212.5701, 2012): `v = rho * v + (1 - rho) * g^2;
 * d = g * sqrt(u + epsilon) / sqrt(v + epsilon); u = rho * u + (1 - rho) * d^2;
 * w -= learningRate * d`. The paper's learning rate is 1.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function adadelta(options: OptimizerOptions<'adadelta'> = {}): Optimizer<'adadelta'> {
  return make('adadelta', options)
}

/**
 * Adam (D. Kingma and J. Ba, ICLR 2015), in the form of its section 2 with epsilon-hat, as Keras
 * has it: `m += (1 - beta1) * (g - m); v += (1 - beta2) * (g^2 - v);
 * w -= learningRate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`. With `amsgrad`
 * (S. Reddi, S. Kale and S. Kumar, ICLR 2018) the largest v so far takes v's place.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function adam(options: OptimizerOptions<'adam'> = {}): Optimizer<'adam'> {
  return make('adam', options)
}

/**
 * AdamW (I. Loshchilov and F. Hutter, ICLR 2019): `w -= learningRate * weightDecay * w`, then
 * {@link adam}'s step.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * adamw({ learningRate: warmup(cosineDecay(1e-3, { steps: 10_000 }), { steps: 500 }) })
 */
export function adamw(options: OptimizerOptions<'adamw'> = {}): Optimizer<'adamw'> {
  return make('adamw', options)
}

/**
 * Adamax (D. Kingma and J. Ba, ICLR 2015, section 7): `m += (1 - beta1) * (g - m);
 * u = max(beta2 * u, |g|); w -= learningRate / (1 - beta1^t) * m / (u + epsilon)`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function adamax(options: OptimizerOptions<'adamax'> = {}): Optimizer<'adamax'> {
  return make('adamax', options)
}

/**
 * NAdam (T. Dozat, ICLR 2016 workshop): Adam with Nesterov's momentum, which grows:
 * `mu_t = beta1 * (1 - 0.96^(t * momentumDecay) / 2)`, with p_t the product of mu_1 to mu_t and m
 * and v as {@link adam}'s, `w -= learningRate * (mu_{t+1} * m / (1 - p_{t+1}) +
 * (1 - mu_t) * g / (1 - p_t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function nadam(options: OptimizerOptions<'nadam'> = {}): Optimizer<'nadam'> {
  return make('nadam', options)
}

/**
 * Rprop (M. Riedmiller and H. Braun, ICNN 1993), as PyTorch has it: `w -= s * sign(g)`. The step s
 * of a weight begins as `learningRate`, is multiplied by `stepIncrease` while g keeps its sign and
 * by `stepDecrease` when it changes, which leaves that step out, and stays between `minimumStep` and
 * `maximumStep`. The sign must mean something: give it the whole training set as a batch.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function rprop(options: OptimizerOptions<'rprop'> = {}): Optimizer<'rprop'> {
  return make('rprop', options)
}

/**
 * BFGS (J. Nocedal and S. Wright, "Numerical optimization", 2006, chapter 6) on the whole training
 * set, one iteration an epoch: `w -= step * H * g`, where a line search chooses the step and H
 * learns the inverse of the second derivatives. H has the square of the parameter count as many
 * elements: for small networks.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function bfgs(options: OptimizerOptions<'bfgs'> = {}): Optimizer<'bfgs'> {
  return make('bfgs', options)
}

/**
 * L-BFGS (D. Liu and J. Nocedal, Mathematical Programming 45, 1989) on the whole training set, one
 * iteration an epoch: {@link bfgs} with H made of the last `history` steps.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function lbfgs(options: OptimizerOptions<'lbfgs'> = {}): Optimizer<'lbfgs'> {
  return make('lbfgs', options)
}

/**
 * Levenberg-Marquardt (D. Marquardt, SIAM Journal 11, 1963; for networks M. Hagan and M. Menhaj,
 * IEEE Transactions on Neural Networks 5, 1994) on the whole training set, one iteration an epoch,
 * for losses that are sums of squares of errors r: `w += p + a / 2` with `(J'J + mu I) p = -J'r`
 * and, where it is small beside p, the acceleration of `(J'J + mu I) a = -J'r''`, r'' being the
 * second derivative along p (M. Transtrum and J. Sethna, arXiv 1201.5885, 2012). mu grows until a
 * step makes the loss smaller, at most by `muIncrease` at once, and shrinks after it, at most by
 * `muDecrease`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function levenbergMarquardt(
  options: OptimizerOptions<'levenbergMarquardt'> = {},
): Optimizer<'levenbergMarquardt'> {
  return make('levenbergMarquardt', options)
}

/** Whether a rule is one of those that choose their steps themselves. */
export function isQuasiNewton(name: OptimizerName): name is QuasiNewtonName {
  return Object.hasOwn(quasiNewton, name)
}

/**
 * Checks the Trainer's `optimizer`, or a phase's: one that a function made, or a name for its
 * defaults.
 *
 * @param place - the option, as the user knows it
 */
export function checkOptimizer(value: unknown, place = 'optimizer'): Optimizer {
  const check = nameIn('optimizer', tables)
  if (typeof value === 'string') return make(check(place, value), {})
  if (typeof value !== 'object' || value === null || !('name' in value) || !('options' in value))
    throw typeError(place, 'an optimizer, such as sgd() or its name', value)
  const name = check(`${place}.name`, value.name)
  return make(name, value.options as OptimizerOptions, `${place}.options.`) // make checks them
}

/** An optimizer's options, complete, and apart: what the Trainer does with them, and the core's. */
export interface OptimizerSettings {
  readonly name: OptimizerName
  /** The learning rate's course; the quasi-Newton rules have none. */
  readonly schedule: Schedule | LearningRateFunction | undefined
  readonly weightDecay: number
  /** Whether the decay is `w -= learningRate * weightDecay * w`, and not of the gradient. */
  readonly decoupled: boolean
  /** The numbers that the core's row takes, with their names; flags are 0 and 1. */
  readonly values: ReadonlyMap<string, number>
}

/** Completes an optimizer's options by the defaults of a library's conventions. */
export function optimizerSettings(
  { name, options }: Optimizer,
  conventions: Conventions = 'keras',
): OptimizerSettings {
  const table: OptionTable = tables[name]
  const { learningRate, weightDecay, ...rest } = complete(name, table, options, { conventions })
  return {
    name,
    schedule: isQuasiNewton(name) ? undefined : toSchedule(learningRate as LearningRate),
    weightDecay: Number(weightDecay ?? 0),
    decoupled: conventions !== 'torch' || name === 'adamw',
    values: new Map(Object.entries(rest).map(([key, value]) => [key, Number(value)])),
  }
}

/** The rule as the core takes it. */
export function nativeOptimizer({ name, values }: OptimizerSettings): NativeNamed {
  const rows = [...description.optimizers, ...description.quasiNewton]
  return { name, options: inCoreOrder(rows, name, tables[name], Object.fromEntries(values)) }
}

function toSchedule(learningRate: LearningRate): Schedule | LearningRateFunction {
  return typeof learningRate === 'number' ? constant(learningRate) : learningRate
}
