import { rangeError } from '../errors.js'
import type { TypedArray } from '../matrix.js'
import { toNumbers } from '../matrix.js'
import type { PredictionsPlotOptions } from '../options/index.js'
import { complete, predictionsOptions } from '../options/index.js'
import { extentOf, isDrawable } from './extent.js'
import { shortNumber } from './labels.js'
import type { Specification } from './render.js'
import { render } from './render.js'
import { themes } from './themes.js'

/** The true numbers of rows, and those that were predicted. */
export interface PredictedNumbers {
  readonly targets: TypedArray | readonly number[]
  readonly predictions: TypedArray | readonly number[]
}

const { light } = themes
const side = 320 // pixels
const mostPoints = 1000

/**
 * Predicted numbers beside the true ones, as SVG. Left: predicted against true; good ones are near the
 * diagonal. Right: by how much they are too high, against predicted; a bend, or points that spread
 * out to one side, is what the network has not learned.
 *
 * @param numbers - of which at most 1000 rows are drawn, evenly chosen
 * @throws TypeError or RangeError if there are none, they are not of one length, not finite or larger
 * than 1e300, or for an option that is unknown or of the wrong type
 *
 * @example
 * await plot.predictions({ targets: [1, 2, 3], predictions: [1.1, 1.9, 3.2] }, { target: 'price' })
 */
export async function predictions(
  numbers: PredictedNumbers,
  options: PredictionsPlotOptions = {},
): Promise<string> {
  const settings = complete('predictions', predictionsOptions, options)
  const { title = 'Predicted and true', target, theme } = settings
  const pairs = toPairs(Object(numbers) as PredictedNumbers)
  const step = Math.ceil(pairs.length / mostPoints)
  const drawn = pairs.filter((_, i) => i % step === 0)
  const subtitle = settings.subtitle ?? summary(pairs, drawn.length)
  return render(toSpecification(drawn, target, title, subtitle), title, theme)
}

interface Pair {
  readonly truth: number
  readonly prediction: number
  readonly error: number
}

function toPairs({ targets, predictions }: PredictedNumbers): Pair[] {
  const [truths, found] = [toDrawable('targets', targets), toDrawable('predictions', predictions)]
  if (truths.length !== found.length)
    throw new RangeError(
      `\`predictions\` has ${found.length} entries, \`targets\` has ${truths.length}`,
    )
  if (truths.length === 0) throw new RangeError('There are no predictions to draw')
  return Array.from(truths, (truth, i) => {
    const prediction = found[i] ?? NaN
    return { truth, prediction, error: prediction - truth }
  })
}

function toDrawable(name: string, values: unknown): Float64Array {
  // What is too small for a scale is drawn as 0.
  const numbers = Float64Array.from(toNumbers(name, values), (value) =>
    Math.abs(value) < 1 && !isDrawable(value) ? 0 : value,
  )
  const bad = numbers.findIndex((value) => !isDrawable(value))
  if (bad >= 0) throw rangeError(`${name}[${bad}]`, 'finite, at most 1e300', numbers[bad])
  return numbers
}

function summary(pairs: readonly Pair[], drawn: number): string {
  const mean = pairs.reduce((sum, { truth }) => sum + truth, 0) / pairs.length
  const squares = pairs.reduce((sum, { error }) => sum + error ** 2, 0)
  const spread = pairs.reduce((sum, { truth }) => sum + (truth - mean) ** 2, 0)
  return [
    drawn < pairs.length ? `${drawn} of ${pairs.length} rows` : `${pairs.length} rows`,
    `RMS error ${shortNumber(Math.sqrt(squares / pairs.length))}`,
    ...(spread > 0 ? [`R2 ${shortNumber(1 - squares / spread)}`] : []),
  ].join(', ')
}

function toSpecification(
  pairs: readonly Pair[],
  target: string,
  title: string,
  subtitle: string,
): Specification {
  const ends = extentOf(pairs.flatMap(({ truth, prediction }) => [truth, prediction]))
  const channel = (field: keyof Pair, name: string) => ({
    field,
    type: 'quantitative' as const,
    title: name,
    scale: { zero: false },
    axis: { tickCount: 6 },
  })
  const predicted = `predicted ${target}`
  const chart = (
    x: ReturnType<typeof channel>,
    y: ReturnType<typeof channel>,
    line: readonly Pair[],
  ) => ({
    width: side,
    height: side,
    encoding: { x, y },
    layer: [
      {
        data: { values: [...line] },
        mark: { type: 'line' as const, color: light.reference, strokeWidth: 2 },
      },
      {
        data: { values: [...pairs] },
        mark: {
          type: 'point' as const,
          filled: true,
          color: light.series[0],
          size: 30,
          opacity: 0.75,
        },
      },
    ],
  })
  const [least] = ends
  const right = ends.map((end) => ({ truth: end, prediction: end, error: 0 }))
  // In the right chart the line has the predictions' own width.
  const level = extentOf(pairs.map(({ prediction }) => prediction)).map((prediction) => ({
    truth: least,
    prediction,
    error: 0,
  }))
  return {
    title: { text: title, subtitle },
    spacing: 36,
    hconcat: [
      chart(channel('truth', `true ${target}`), channel('prediction', predicted), right),
      chart(channel('prediction', predicted), channel('error', 'predicted less true'), level),
    ],
  }
}
