import { rangeError, typeError } from '../errors.js'
import { arrayOf, checks, nameIn, number, oneOf } from './checks.js'
import { metrics } from './metrics.js'
import type { OptionsOf } from './option.js'
import { defaulted, optional } from './option.js'

/** What every picture may be told. */
const picture = {
  /** Default: what the picture shows. */
  title: optional(checks.text),
  /** Its colours: those of one theme, or of the one that the reader's system is set to. Default 'auto'. */
  theme: defaulted('auto', oneOf(['light', 'dark', 'auto'])),
}
/** Checks the name of a theme. */
export const checkTheme = picture.theme.check

const described = {
  ...picture,
  /** A line below the title. */
  subtitle: optional(checks.text),
}

/** Options of `plot.history`. */
export const historyOptions = {
  ...picture,
  /** The scores to draw, of 'loss' and the metrics. Default: all that are numbers. */
  scores: optional(arrayOf('an array of scores', nameIn('score', { loss: {}, ...metrics }))),
  /** The axis of the loss. Default 'auto': 'log' where it spans a factor of 100 or more. */
  scale: defaulted('auto', oneOf(['auto', 'linear', 'log'])),
}
/** Options of `plot.history`. */
export type HistoryPlotOptions = OptionsOf<typeof historyOptions>

const classNames = {
  /** What the classes are called, by their index. Default: by their index. */
  classNames: optional(arrayOf('an array of names', label)),
}

/** Options of `plot.confusion`. */
export const confusionOptions = { ...described, ...classNames }
/** Options of `plot.confusion`. */
export type ConfusionOptions = OptionsOf<typeof confusionOptions>

/** Options of `plot.predictions`. */
export const predictionsOptions = {
  ...described,
  /** What is predicted, for the axes. Default 'value'. */
  target: defaulted('value', checks.text),
}
/** Options of `plot.predictions`. */
export type PredictionsPlotOptions = OptionsOf<typeof predictionsOptions>

/** Options of `plot.images` that are no labels. */
export const imagesOptions = {
  ...described,
  ...classNames,
  /** Pixels of an image in a row. Default: of a square. */
  width: optional(checks.positiveInteger),
  /** Rows of pixels of an image. Default: by `width`. */
  height: optional(checks.positiveInteger),
  /** Images in a row. Default: as many as fit. */
  columns: optional(checks.positiveInteger),
  /** The values that are black and white. Default: the least and the largest of all images. */
  range: optional(range),
  /** Whether low values are white and high ones black, as ink on paper. Default false. */
  inverted: defaulted(false, checks.boolean),
}

/** Options of `plot.decisionBoundary`. */
export const decisionBoundaryOptions = {
  ...described,
  ...classNames,
  /** Points along each side that the network is asked for the class of, from 2 to 1000. Default 200. */
  resolution: defaulted(
    200,
    number(
      'an integer from 2 to 1000',
      (value) => Number.isInteger(value) && value >= 2 && value <= 1000,
    ),
  ),
}
/** Options of `plot.decisionBoundary`. */
export type DecisionBoundaryOptions = OptionsOf<typeof decisionBoundaryOptions>

/** Checks what stands for a class, a row or a column. */
export function label(name: string, value: unknown): string | number {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw typeError(name, 'a text or a number', value)
  return value
}

function range(name: string, value: unknown): readonly [low: number, high: number] {
  if (!Array.isArray(value) || value.length !== 2) throw typeError(name, '[low, high]', value)
  const [low, high] = value.map((end: unknown, i) => checks.finite(`${name}[${i}]`, end))
  if (low === undefined || high === undefined || low >= high)
    throw rangeError(name, '[low, high], the lower one first', value)
  return [low, high]
}
