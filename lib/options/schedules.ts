import { rangeError, typeError } from '../errors.js'
import { arrayOf, checks, nameIn } from './checks.js'
import type { Completion, OptionsOf, SettingsOf } from './option.js'
import { complete, defaulted, required } from './option.js'

/** What a schedule counts: steps, or epochs. */
const scheduleUnits = { step: {}, epoch: {} } as const
/** What a schedule counts. */
export type ScheduleUnit = keyof typeof scheduleUnits

const per = (unit: ScheduleUnit) => defaulted(unit, nameIn('unit', scheduleUnits))
const rate = required(checks.nonNegative)

/**
 * Courses of the learning rate, each with its options; p is the position, the step or the epoch
 * from 0, over the Trainer's life or that of one of several phases. Those that are numbers or flags stand in the order in which the core takes them.
 */
export const schedules = {
  /** rate */
  constant: {
    /** The learning rate, at least 0. */
    rate,
    /** What is counted, 'step' or 'epoch': no matter here. Default 'step'. */
    per: per('step'),
  },
  /** rate factor^floor(p / every) */
  stepDecay: {
    /** The first learning rate, at least 0. */
    rate,
    /** What the rate is multiplied with, positive. Default 0.1. */
    factor: defaulted(0.1, checks.positive),
    /** Positions from one multiplication to the next, positive. */
    every: required(checks.positive),
    /** What is counted, 'step' or 'epoch'. Default 'epoch'. */
    per: per('epoch'),
  },
  /** rate factor^(p / every) */
  exponentialDecay: {
    /** The first learning rate, at least 0. */
    rate,
    /** What the rate is multiplied with in the course of `every` positions, positive. */
    factor: required(checks.positive),
    /** Positions, positive. */
    every: required(checks.positive),
    /** Whether p / every is rounded down. Default false. */
    staircase: defaulted(false, checks.boolean),
    /** What is counted, 'step' or 'epoch'. Default 'step'. */
    per: per('step'),
  },
  /** rate / (1 + decay p / every) */
  inverseTimeDecay: {
    /** The first learning rate, at least 0. */
    rate,
    /** What the divisor grows by in the course of `every` positions, at least 0. */
    decay: required(checks.nonNegative),
    /** Positions, positive. Default 1. */
    every: defaulted(1, checks.positive),
    /** Whether p / every is rounded down. Default false. */
    staircase: defaulted(false, checks.boolean),
    /** What is counted, 'step' or 'epoch'. Default 'step'. */
    per: per('step'),
  },
  /** (rate - endRate) (1 - min(p, steps) / steps)^power + endRate */
  polynomialDecay: {
    /** The first learning rate, at least 0. */
    rate,
    /** Position at which `endRate` is reached, positive. */
    steps: required(checks.positive),
    /** The last learning rate, at least 0. Default 0.0001. */
    endRate: defaulted(0.0001, checks.nonNegative),
    /** Exponent, positive. Default 1. */
    power: defaulted(1, checks.positive),
    /** Whether `steps` is replaced by its first multiple that is at least p. Default false. */
    cycle: defaulted(false, checks.boolean),
    /** What is counted, 'step' or 'epoch'. Default 'step'. */
    per: per('step'),
  },
  /** rate ((1 - alpha) (1 + cos(pi min(p, steps) / steps)) / 2 + alpha) */
  cosineDecay: {
    /** The first learning rate, at least 0. */
    rate,
    /** Position at which `alpha * rate` is reached, or with restarts the first begins, positive. */
    steps: required(checks.positive),
    /** Share of the rate that is left at the end, in [0, 1]. Default 0. */
    alpha: defaulted(0, checks.fractionInclusive),
    /** Whether it begins again whenever it ends. Default false. */
    restarts: defaulted(false, checks.boolean),
    /** With restarts: how many times longer each period is than the last, at least 1. Default 2. */
    tMul: defaulted(2, checks.atLeastOne),
    /** With restarts: how many times higher each period begins than the last, at least 0. Default 1. */
    mMul: defaulted(1, checks.nonNegative),
    /** What is counted, 'step' or 'epoch'. Default 'step'. */
    per: per('step'),
  },
  /** Up from rate / divFactor to rate, down to rate / divFactor / finalDivFactor, along cosines. */
  oneCycle: {
    /** The highest learning rate, at least 0. */
    rate,
    /** Positions that the cycle takes, a positive integer; the lowest rate stays afterwards. */
    steps: required(checks.positiveInteger),
    /** Share of the cycle that rises, in [0, 1]. Default 0.3. */
    pctStart: defaulted(0.3, checks.fractionInclusive),
    /** The highest rate over the first, positive. Default 25. */
    divFactor: defaulted(25, checks.positive),
    /** The first rate over the last, positive. Default 10000. */
    finalDivFactor: defaulted(1e4, checks.positive),
    /** What is counted, 'step' or 'epoch'. Default 'step'. */
    per: per('step'),
  },
  /** from + (r - from) p / steps up to the first rate r of another schedule, which then begins. */
  warmup: {
    /** Position at which the other schedule begins, a positive integer. */
    steps: required(checks.positiveInteger),
    /** The first learning rate, at least 0. Default 0. */
    from: defaulted(0, checks.nonNegative),
    /** What is counted, 'step' or 'epoch'. Default 'step'. */
    per: per('step'),
  },
  /** rates[i] after boundaries[i - 1], up to and with boundaries[i] */
  piecewise: {
    /** The last position of each rate but the last, at least 0 and increasing. */
    boundaries: required(arrayOf('an array of increasing numbers', checks.nonNegative)),
    /** Learning rates, at least 0: one more than `boundaries`. */
    rates: required(arrayOf('an array of learning rates', checks.nonNegative)),
    /** What is counted, 'step' or 'epoch'. Default 'step'. */
    per: per('step'),
  },
} as const
/** The name of a schedule. */
export type ScheduleName = keyof typeof schedules

/** All options of a schedule, by its name. */
export type ScheduleSettings<N extends ScheduleName = ScheduleName> = N extends ScheduleName
  ? SettingsOf<(typeof schedules)[N]>
  : never

/** The options that a schedule's function takes beside its first argument, by its name. */
export type ScheduleOptions<N extends ScheduleName = ScheduleName> = N extends ScheduleName
  ? Omit<OptionsOf<(typeof schedules)[N]>, 'rate'>
  : never

/** A course of the learning rate, as `stepDecay`, `cosineDecay` and so on make them. */
export type Schedule<N extends ScheduleName = ScheduleName> = N extends ScheduleName
  ? { readonly name: N } & Readonly<ScheduleSettings<N>> &
      (N extends 'warmup' ? { readonly schedule: Schedule } : unknown)
  : never

/**
 * Where training is, counted from 0 over the Trainer's life, or in one of several phases over the
 * phase's.
 */
export interface TrainingPosition {
  readonly epoch: number
  /** Updates of the weights, over all epochs. */
  readonly step: number
}
/** A course of the learning rate of one's own. */
export type LearningRateFunction = (position: TrainingPosition) => number
/** What an optimizer's `learningRate` may be. */
export type LearningRate = number | Schedule | LearningRateFunction

/**
 * Makes a schedule out of all that it is made of; what follows a warmup is `schedule`, among the
 * arguments or, in one that was read, among the options.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function makeSchedule<N extends ScheduleName>(
  name: N,
  options: object,
  completion: Completion = {},
): Schedule<N> {
  const { path = '', positional = {} } = completion
  const settings = complete(name, schedules[name], options, completion)
  if (name === 'cosineDecay') checkRestarts(settings as ScheduleSettings<'cosineDecay'>)
  if (name === 'piecewise') checkPieces(settings as ScheduleSettings<'piecewise'>)
  const next: unknown = positional.schedule ?? Reflect.get(options, 'schedule')
  const child = name === 'warmup' ? { schedule: checkSchedule(`${path}schedule`, next) } : {}
  return Object.freeze({ name, ...settings, ...child }) as Schedule<N> // `name` decided on all of it
}

function checkRestarts(settings: ScheduleSettings<'cosineDecay'>): void {
  if (settings.restarts) return
  for (const name of ['tMul', 'mMul'] as const)
    if (settings[name] !== schedules.cosineDecay[name].default)
      throw new RangeError(`\`${name}\` needs \`restarts: true\``)
}

function checkPieces({ boundaries, rates }: ScheduleSettings<'piecewise'>): void {
  boundaries.forEach((boundary, i) => {
    if (boundary <= (boundaries[i - 1] ?? -1))
      throw rangeError(`boundaries[${i}]`, 'above the one before it', boundary)
  })
  if (rates.length !== boundaries.length + 1)
    throw new RangeError(
      `Expected \`rates\` to be one more than \`boundaries\`, got ${rates.length} for ${boundaries.length}`,
    )
}

/** Checks a schedule that a function made, a file holds, or a number: the same rate throughout. */
function checkSchedule(name: string, value: unknown): Schedule {
  if (typeof value === 'number')
    return makeSchedule('constant', { rate: checks.nonNegative(name, value) })
  if (typeof value !== 'object' || value === null || !('name' in value))
    throw typeError(name, 'a schedule, such as stepDecay(0.1, { every: 10 })', value)
  const known = nameIn('schedule', schedules)(`${name}.name`, value.name)
  const others = known === 'warmup' ? ['name', 'schedule'] : ['name']
  return makeSchedule(known, value, { others, path: `${name}.` })
}

/** Checks an optimizer's `learningRate`. */
export function checkLearningRate(name: string, value: unknown): LearningRate {
  if (typeof value === 'function') return value as LearningRateFunction // its results are checked
  if (typeof value === 'object' && value !== null) return checkSchedule(name, value)
  if (typeof value === 'number') return checks.nonNegative(name, value)
  throw typeError(name, 'a non-negative number, a schedule or a function', value)
}
