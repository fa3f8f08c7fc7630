import { rangeError, typeError } from '../errors.js'
import type { HistoryPlotOptions } from '../options/index.js'
import { complete, historyOptions, metrics } from '../options/index.js'
import { isWide, wordsOf } from './labels.js'
import type { Chart, Series } from './lines.js'
import { lines, panels } from './lines.js'

/** The scores of a data set, by name. */
type Scores = Readonly<Record<string, unknown>>
/** A data set's name, and its scores after each epoch. */
type ScoredSet = readonly [name: string, scores: readonly (Scores | undefined)[]]

const size = { width: 400, height: 260 } // pixels
const mostAcross = 2 // charts

/**
 * How a training went, as SVG: the loss and each metric against the epoch, of the training set and of
 * every validation set. The training set's are running means over each epoch, unless `fit` was given
 * `evaluateTrain`.
 *
 * @param history - what awaiting a fit gives, or its epochs
 * @throws TypeError or RangeError if there are no epochs or no scores, for a score that they do not have, or for
 * an option that is unknown, of the wrong type or out of range
 *
 * @example
 * const history = await trainer.fit(train, { validation: { dev, test } })
 * await plot.write(await plot.history(history), 'history.svg')
 */
export async function history(
  history: { readonly epochs: readonly object[] } | readonly object[],
  options: HistoryPlotOptions = {},
): Promise<string> {
  const settings = complete('history', historyOptions, options)
  const { title = 'Training history', theme } = settings
  const epochs = epochsOf(history)
  const sets = setsOf(epochs)
  const names = scoresOf(epochs, settings.scores)
  if (names.length === 0) throw new RangeError('The history has no scores to draw')
  const isRunning = sets.some(([, scores]) => scores === epochs)
  const x = epochs.map(({ epoch }, i) => (typeof epoch === 'number' ? epoch : i + 1))
  const charts = names.map((name): Chart => {
    const series = sets.map(([set, scores]): Series => {
      return { name: set, x, y: scores.map((score) => Number(score?.[name] ?? NaN)) }
    })
    const isLog =
      settings.scale === 'auto' ? isWide(series.flatMap(valuesOf)) : settings.scale === 'log'
    return {
      ...size,
      title: wordsOf(name),
      ...(isRunning && { subtitle: 'training: running means' }),
      x: { title: 'epoch' },
      y: { title: wordsOf(name), scale: name === 'loss' && isLog ? 'log' : 'linear' },
      series,
    }
  })
  const [first, second] = charts
  if (first !== undefined && second === undefined) return lines({ ...first, title }, theme)
  const rows = charts.flatMap((_, i) =>
    i % mostAcross === 0 ? [charts.slice(i, i + mostAcross)] : [],
  )
  return panels(title, rows, theme)
}

function epochsOf(history: unknown): readonly Scores[] {
  const epochs: unknown = Array.isArray(history)
    ? history
    : Reflect.get(Object(history) as object, 'epochs')
  if (!Array.isArray(epochs) || !epochs.every(isScores))
    throw typeError('history', 'a History or an array of its epochs', history)
  if (epochs.length === 0) throw new RangeError('The history has no epochs to draw')
  return epochs
}

function isScores(value: unknown): value is Scores {
  return typeof value === 'object' && value !== null
}

/** The training set and the validation sets, each with its scores after every epoch. */
function setsOf(epochs: readonly Scores[]): ScoredSet[] {
  const part = (name: 'train' | 'validation') =>
    epochs.map((epoch) => (isScores(epoch[name]) ? epoch[name] : undefined))
  const [trained, validations] = [part('train'), part('validation')]
  const own: ScoredSet = trained.some((scores) => scores !== undefined)
    ? ['training', trained]
    : ['training', epochs]
  const first = validations.find((scores) => scores !== undefined)
  if (first === undefined) return [own]
  if (typeof first.loss === 'number') return [own, ['validation', validations]]
  const names = Object.keys(first)
  return [
    own,
    ...names.map((name): ScoredSet => {
      const scores = validations.map((sets) => (isScores(sets?.[name]) ? sets[name] : undefined))
      return [name, scores]
    }),
  ]
}

/** The loss and the metrics that are numbers, or those that are wanted. */
function scoresOf(
  epochs: readonly Scores[],
  wanted: readonly string[] | undefined,
): readonly string[] {
  const [first = {}] = epochs
  const all = ['loss', ...Object.keys(metrics)].filter((name) => typeof first[name] === 'number')
  for (const [i, name] of (wanted ?? []).entries())
    if (!all.includes(name)) throw rangeError(`scores[${i}]`, `one of ${all.join(', ')}`, name)
  return wanted === undefined || wanted.length === 0 ? all : wanted
}

const valuesOf = ({ y }: Series): number[] => Array.from(y)
