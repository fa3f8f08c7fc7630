import type { CustomLoss } from './custom_loss.js'
import { rangeError, typeError } from './errors.js'
import type { DType } from './matrix.js'
import type { NativePhase } from './native.js'
import type { Network } from './network.js'
import type { Optimizer } from './optimizers.js'
import { maxNorms } from './objective.js'
import { checkOptimizer, isQuasiNewton } from './optimizers.js'
import type {
  LossName,
  losses,
  MetricName,
  Named,
  OptimizerName,
  OptionsOf,
  SettingsOf,
  trainerOptions,
} from './options/index.js'
import {
  checks,
  classWeights as checkClassWeights,
  complete,
  losses as lossTable,
  metrics as metricTable,
  namedIn,
  nameOf,
  phaseOptions,
} from './options/index.js'
import { description, draws } from './tables.js'

// What a Trainer is told: the types of its options, and the checks of those that are no single
// values.

/** A metric of that name: the name, or an object with its name and options. */
export type Metric<M extends MetricName = MetricName> =
  // `M` is inferred from the names; a row ties its options to its name.
  M | ({ readonly name: M } & Extract<Named<typeof metricTable>, { readonly name: M }>)

/** A loss: its name, an object with its name and options, or a function of one's own. */
export type Loss = Named<typeof losses> | CustomLoss

/** One way to train, for some epochs, in a sequence of several. */
export type Phase = OptionsOf<typeof phaseOptions> & {
  /** The update rule of the phase. */
  readonly optimizer: Optimizer | OptimizerName
}

/** Options of a {@link Trainer}. @interface */
export type TrainerOptions<M extends MetricName = never> = OptionsOf<typeof trainerOptions> & {
  /** The cost function that training makes small. */
  readonly loss: Loss
  /**
   * The update rule: `sgd(...)`, `adam(...)`, `lbfgs(...)`, a name for its defaults, or several
   * phases, one after the other.
   */
  readonly optimizer: Optimizer | OptimizerName | readonly Phase[]
  /** What is reported beside the loss. Default: nothing. */
  readonly metrics?: readonly Metric<M>[] | undefined
  /**
   * In training, what the weight of a row is multiplied with, by its class: an array with one
   * weight per class, or an object from class to weight (1 where it has none). Default: 1.
   */
  readonly classWeights?: ClassWeights | undefined
}

/** Weights of classes. */
export type ClassWeights = readonly number[] | Readonly<Record<number, number>>

/** Checks the cost function. */
export function checkLoss(value: unknown): Loss {
  if (typeof value === 'function') return value as CustomLoss // what it returns is checked
  return namedIn('loss', lossTable)('loss', value)
}

/** Checks what is reported beside the loss. */
export function checkMetrics<M extends MetricName>(
  given: readonly Metric<M>[] | undefined,
): Metric<M>[] {
  if (given === undefined) return []
  const list: unknown = given
  if (!Array.isArray(list)) throw typeError('metrics', 'an array of names', list)
  const check = namedIn('metric', metricTable)
  const metrics = Array.from(list, (metric, i) => check(`metrics[${i}]`, metric))
  const names = metrics.map(nameOf<MetricName>)
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i)
      throw rangeError(`metrics[${i}]`, 'a metric that is not in the list yet', name)
  })
  return metrics as Metric<M>[] // the given ones, checked
}

/** A phase whose optimizer is no name; a Trainer without phases has one, without an end. */
export interface CheckedPhase {
  readonly optimizer: Optimizer
  readonly epochs: number | undefined
  readonly batchSize: number | undefined
}

/** Checks the update rule, or several phases of them. */
export function checkPhases(value: unknown): CheckedPhase[] {
  if (!Array.isArray(value))
    return [{ optimizer: checkOptimizer(value), epochs: undefined, batchSize: undefined }]
  if (value.length === 0) throw typeError('optimizer', 'an optimizer, or phases of them', value)
  return Array.from(value, (phase: unknown, i) => {
    const name = `optimizer[${i}]`
    if (typeof phase !== 'object' || phase === null || !('optimizer' in phase))
      throw typeError(name, 'a phase, such as { optimizer: adam(), epochs: 10 }', phase)
    const settings = complete('phase', phaseOptions, phase, {
      others: ['optimizer'],
      path: `${name}.`,
    })
    return { optimizer: checkOptimizer(phase.optimizer, `${name}.optimizer`), ...settings }
  })
}

type Settings = SettingsOf<typeof trainerOptions>

/** The limits of the gradient as the core takes them. */
export function toClipping({
  clipNorm,
  clipGlobalNorm,
  clipValue,
  conventions,
}: Settings): NativePhase['clipping'] {
  const given = Object.entries({ clipNorm, clipGlobalNorm, clipValue }).filter(
    ([, limit]) => limit !== undefined,
  )
  if (given.length > 1)
    throw new RangeError(
      `Expected one way of clipping, got ${given.map(([name]) => `\`${name}\``).join(' and ')}`,
    )
  // PyTorch's clip_grad_norm_ takes all tensors together, divides by norm + 1e-6, and comes before
  // the optimizer adds its weight decay.
  const torch = conventions === 'torch'
  return {
    value: clipValue ?? 0,
    tensorNorm: torch ? 0 : (clipNorm ?? 0),
    globalNorm: clipGlobalNorm ?? (torch ? (clipNorm ?? 0) : 0),
    epsilon: torch ? 1e-6 : 0,
    beforePenalty: torch,
  }
}

/** The weights of classes, one per class, or none. */
export function toClassWeights(given: ClassWeights | undefined, outputs: number): number[] {
  const value: unknown = given
  if (value === undefined) return []
  const classes = Math.max(outputs, 2) // one output tells two apart
  if (Array.isArray(value)) {
    const weights = checkClassWeights('classWeights', value)
    if (weights.length !== classes)
      throw new RangeError(
        `\`classWeights\` has ${weights.length} weights, the network has ${classes} classes`,
      )
    return [...weights]
  }
  if (typeof value !== 'object' || value === null)
    throw typeError('classWeights', 'an array, or an object from class to weight', value)
  const weights = Array.from({ length: classes }, () => 1)
  for (const [key, weight] of Object.entries(value)) {
    const label = Number(key)
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw rangeError('classWeights', `weights of classes from 0 to ${classes - 1}`, key)
    weights[label] = checks.nonNegative(`classWeights[${key}]`, weight)
  }
  return weights
}

/** Options of gradient descent's steps, which no quasi-Newton method takes. */
const stepOptions = [
  'clipNorm',
  'clipGlobalNorm',
  'clipValue',
  'accumulate',
  'averageMomentum',
] as const

/** Checks that an option is not given in vain. */
export function checkUse(
  phases: readonly CheckedPhase[],
  options: Readonly<Partial<Record<(typeof stepOptions)[number], unknown>>>,
): void {
  if (!phases.every(({ optimizer }) => isQuasiNewton(optimizer.name))) return
  const vain = stepOptions.find((option) => options[option] !== undefined)
  const names = phases.map(({ optimizer }) => `\`${optimizer.name}\``).join(' and ')
  if (vain !== undefined)
    throw new RangeError(`\`${vain}\` is of no use: ${names} takes its steps by itself`)
}

/**
 * Checks that a quasi-Newton method can minimise the cost that the other options make, over the
 * parameters that the network's layers have to learn now.
 */
export function checkMethod(
  name: OptimizerName,
  network: Network<DType>,
  loss: LossName | undefined,
  l1: number,
): void {
  const method = description.quasiNewton.find((row) => row.name === name)
  if (method === undefined) return
  for (const layer of network.layers)
    if (draws(layer.type) || (layer.type === 'batchNorm' && layer.trainable))
      throw new RangeError(
        `\`${name}\` needs a cost that depends on weights and rows only: it cannot train with ${layer.type}`,
      )
  if (maxNorms(network.layers.filter((layer) => layer.trainable)).some((limit) => limit !== 0))
    throw new RangeError(`\`${name}\` takes its steps freely: it cannot keep \`maxNorm\``)
  const most = method.maximumSize
  const count = network.layers.reduce(
    (sum, layer) => sum + (layer.trainable ? layer.parameterCount : 0),
    0,
  )
  if (most !== 0 && count > most)
    throw new RangeError(
      `\`${name}\` learns ${most} parameters at most, whose square it has in memory; the network has ${count}. \`lbfgs\` has no such limit`,
    )
  if (!method.leastSquares) return
  if (!description.losses.some((row) => row.name === loss && row.squared))
    throw new RangeError(
      `\`${name}\` needs a squared error, got ${loss === undefined ? 'a loss of your own' : `\`${loss}\``}`,
    )
  const hasOther = network.layers.some(({ description: layer }) => {
    if (layer.type === 'embedding') return (layer.l1 ?? l1) !== 0
    if (layer.type !== 'dense') return false
    const others = [layer.l1 ?? l1, layer.biasL1, layer.activityL1, layer.activityL2]
    return others.some((strength) => strength !== 0)
  })
  if (hasOther)
    throw new RangeError(`\`${name}\` takes L2 penalties of weights, but neither L1 nor activity's`)
}
