import { Dataset } from './dataset.js'
import { typeError } from './errors.js'
import type { NativeSchedule } from './native.js'
import { checks, complete, stepsOptions } from './options/index.js'
import type { OptionsOf } from './options/index.js'
import type { Schedule, ScheduleOptions } from './options/schedules.js'
import { makeSchedule, schedules } from './options/schedules.js'

// Each function takes the learning rate it starts from, or rises to, and the options of its entry
// in options/schedules.ts. p is the position: the step, or with `per: 'epoch'` the epoch, counted
// from 0 over the Trainer's life, or in one of several phases over the phase's. A step is an update
// of the weights; stepsPerEpoch says how many an epoch has.

/**
 * The same learning rate throughout, as a plain number is.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function constant(
  rate: number,
  options: ScheduleOptions<'constant'> = {},
): Schedule<'constant'> {
  return makeSchedule('constant', options, { positional: { rate } })
}

/**
 * Multiplied with `factor` every so many epochs: `rate * factor^floor(p / every)`; PyTorch's StepLR.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * sgd({ learningRate: stepDecay(0.1, { factor: 0.5, every: 10 }) }) // halved every 10 epochs
 */
export function stepDecay(
  rate: number,
  options: ScheduleOptions<'stepDecay'>,
): Schedule<'stepDecay'> {
  return makeSchedule('stepDecay', options, { positional: { rate } })
}

/**
 * `rate * factor^(p / every)`, with `staircase` `rate * factor^floor(p / every)`; Keras's
 * ExponentialDecay.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * exponentialDecay(0.1, { factor: 0.96, every: 1000 })
 */
export function exponentialDecay(
  rate: number,
  options: ScheduleOptions<'exponentialDecay'>,
): Schedule<'exponentialDecay'> {
  return makeSchedule('exponentialDecay', options, { positional: { rate } })
}

/**
 * `rate / (1 + decay * p / every)`, with `staircase` `rate / (1 + decay * floor(p / every))`;
 * Keras's InverseTimeDecay. PyTorch's `lr_decay` is this with `every: 1`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * inverseTimeDecay(0.1, { decay: 0.5, every: 1000 })
 */
export function inverseTimeDecay(
  rate: number,
  options: ScheduleOptions<'inverseTimeDecay'>,
): Schedule<'inverseTimeDecay'> {
  return makeSchedule('inverseTimeDecay', options, { positional: { rate } })
}

/**
 * `(rate - endRate) * (1 - min(p, steps) / steps)^power + endRate`; with `cycle`, `steps` grows to
 * its first multiple that is at least p, and the rate rises again; Keras's PolynomialDecay.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * polynomialDecay(0.1, { steps: 10_000, endRate: 0.001, power: 2 })
 */
export function polynomialDecay(
  rate: number,
  options: ScheduleOptions<'polynomialDecay'>,
): Schedule<'polynomialDecay'> {
  return makeSchedule('polynomialDecay', options, { positional: { rate } })
}

/**
 * Half a cosine: `rate * ((1 - alpha) * (1 + cos(pi * min(p, steps) / steps)) / 2 + alpha)`; Keras's
 * CosineDecay. With `restarts` it begins again whenever it ends, each time `tMul` times as long and
 * from `mMul` times the height; Keras's CosineDecayRestarts (I. Loshchilov and F. Hutter, "SGDR",
 * ICLR 2017).
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * cosineDecay(0.1, { steps: 10_000 })
 * cosineDecay(0.1, { steps: 10, per: 'epoch', restarts: true, mMul: 0.9 })
 */
export function cosineDecay(
  rate: number,
  options: ScheduleOptions<'cosineDecay'>,
): Schedule<'cosineDecay'> {
  return makeSchedule('cosineDecay', options, { positional: { rate } })
}

/**
 * Up from `maximumRate / divFactor` to `maximumRate` at position `pctStart * steps - 1`, then down
 * to `maximumRate / divFactor / finalDivFactor` at `steps - 1`, both along half a cosine; PyTorch's
 * OneCycleLR without a third phase (L. Smith and N. Topin, arXiv 1708.07120, 2017). Momentum stays.
 *
 * @param maximumRate - the highest learning rate, at least 0
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * oneCycle(0.1, { steps: 20 * stepsPerEpoch(train, { batchSize: 32 }) }) // over 20 epochs
 */
export function oneCycle(
  maximumRate: number,
  options: ScheduleOptions<'oneCycle'>,
): Schedule<'oneCycle'> {
  return makeSchedule('oneCycle', options, { positional: { rate: maximumRate } })
}

/**
 * From `from` in a straight line to the first rate of another schedule, which is reached, and
 * begins, at position `steps`: `from + (r - from) * p / steps`. What follows counts from there; if
 * it counts in the other unit, from the epoch in which, or the step at which, the warmup ends.
 *
 * @param schedule - what follows: a schedule, or a number
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * warmup(cosineDecay(0.1, { steps: 10_000 }), { steps: 500 })
 */
export function warmup(
  schedule: number | Schedule,
  options: ScheduleOptions<'warmup'>,
): Schedule<'warmup'> {
  return makeSchedule('warmup', options, { positional: { schedule } })
}

/**
 * One rate after the other: `rates[i]` up to and with position `boundaries[i]`, the last one
 * thereafter; Keras's PiecewiseConstantDecay.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * piecewise({ boundaries: [10, 20], rates: [0.1, 0.01, 0.001], per: 'epoch' })
 */
export function piecewise(options: ScheduleOptions<'piecewise'>): Schedule<'piecewise'> {
  return makeSchedule('piecewise', options)
}

/**
 * The steps of an epoch, for schedules that count steps: `ceil(rows / (batchSize * accumulate))`.
 * (`gradientDescent` makes one step an epoch, whatever the batch size.)
 *
 * @param train - the training set, or its number of rows
 * @param options - `batchSize`, `accumulate` and `conventions` as the Trainer is given them; its
 * defaults
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * const [batchSize, epochs] = [32, 20]
 * const steps = epochs * stepsPerEpoch(train, { batchSize })
 * new Trainer(network, {
 *   loss: 'categoricalCrossentropy',
 *   optimizer: adam({ learningRate: oneCycle(0.01, { steps }) }),
 *   batchSize,
 *   epochs,
 * })
 */
export function stepsPerEpoch(
  train: Dataset | number,
  options: OptionsOf<typeof stepsOptions> = {},
): number {
  if (typeof train !== 'number' && !(train instanceof Dataset))
    throw typeError('train', 'a Dataset, or its number of rows', train)
  const rows = typeof train === 'number' ? checks.positiveInteger('train', train) : train.rows
  const { batchSize, accumulate } = complete('stepsPerEpoch', stepsOptions, options)
  return Math.ceil(rows / (batchSize * accumulate))
}

/** The names of a schedule's numbers and flags, in the order in which the core takes them. */
export function coreOptions(name: Schedule['name']): string[] {
  return Object.keys(schedules[name]).filter(
    (option) => !['per', 'boundaries', 'rates'].includes(option),
  )
}

/** What the addon takes for a learning rate that is no function. */
export function nativeSchedule(learningRate: number | Schedule): NativeSchedule {
  const schedule = typeof learningRate === 'number' ? constant(learningRate) : learningRate
  const { name, per } = schedule
  return {
    name,
    per,
    options: coreOptions(name).map((option) => Number(Reflect.get(schedule, option))),
    ...(schedule.name === 'warmup' && { child: nativeSchedule(schedule.schedule) }),
    ...(schedule.name === 'piecewise' && {
      boundaries: schedule.boundaries,
      rates: schedule.rates,
    }),
  }
}
