import { toLabels } from '../categorical.js'
import { Dataset } from '../dataset.js'
import { rangeError, show } from '../errors.js'
import type { Labels, MatrixLike } from '../matrix.js'
import { toMatrix } from '../matrix.js'
import type { ConfusionOptions } from '../options/index.js'
import { complete, confusionOptions } from '../options/index.js'
import { labelsByValue, percent, shortNumber, turnedIn } from './labels.js'
import type { Specification } from './render.js'
import { render } from './render.js'
import { themes } from './themes.js'
import { toTitle } from './titles.js'

/** The classes of rows, and those that they were taken for, by index. */
export interface PredictedLabels {
  /** Class indices, or a Dataset that has them. */
  readonly labels: Labels | Dataset
  readonly predictions: Labels
}

const { light } = themes

/** How cells look, by how many classes there are. Pixels. */
const layouts = [
  { mostClasses: 14, width: 58, height: 44, fontSize: 12, hasShares: true },
  { mostClasses: 40, width: 36, height: 26, fontSize: 10, hasShares: false },
  { mostClasses: 200, width: 12, height: 12, fontSize: 0, hasShares: false },
] as const
const [, , smallest] = layouts
/** More are not drawn. */
export const { mostClasses } = smallest
const gap = 0.04 // between cells, of their size
// Opacities of a cell's colour: the least tells it from 0, the most leaves its number readable.
const faintest = 0.14
const strongest = 0.62

/**
 * How often rows of each class (from the top to the bottom) were taken for each class (from the left
 * to the right), as SVG: in each cell the rows, and their share of the true class's. Right ones are
 * on the diagonal; wrong ones have another colour, stronger the larger their share of the largest.
 *
 * @param matrix - what the metric `confusionMatrix` gives, classes x classes; or `{ labels,
 * predictions }`, of which it is counted
 * @throws TypeError or RangeError if it is not square, a count is negative or not finite, labels and
 * predictions are not of one length, or the names are not as many as the classes
 *
 * @example
 * await plot.confusion({ labels: test, predictions: network.classify(test) })
 * // or what the metric `confusionMatrix` has counted
 * await plot.confusion([[8, 1, 1], [0, 9, 1], [0, 2, 8]], { classNames: ['cat', 'dog', 'horse'] })
 */
export async function confusion(
  matrix: MatrixLike | PredictedLabels,
  options: ConfusionOptions = {},
): Promise<string> {
  const settings = complete('confusion', confusionOptions, options)
  const { classNames, title = 'Confusion matrix', theme } = settings
  const counts = isPredicted(matrix) ? count(matrix, classNames?.length) : toCounts(matrix)
  const names = (classNames ?? [...counts.keys()]).map(String)
  if (names.length !== counts.length)
    throw new RangeError(
      `\`classNames\` has ${names.length} names, the matrix has ${counts.length} classes`,
    )
  const subtitle = settings.subtitle ?? summary(counts)
  return render(toSpecification(counts, names, title, subtitle), title, theme)
}

function isPredicted(value: unknown): value is PredictedLabels {
  return typeof value === 'object' && value !== null && 'labels' in value && 'predictions' in value
}

function count({ labels, predictions }: PredictedLabels, named: number | undefined): number[][] {
  const given = toLabels('labels', labels instanceof Dataset ? labels.y : labels)
  const found = toLabels('predictions', predictions)
  if (given.indices.length !== found.indices.length)
    throw new RangeError(
      `\`predictions\` has ${found.indices.length} entries, \`labels\` has ${given.indices.length}`,
    )
  const classes = Math.max(given.classes, found.classes, named ?? 0)
  checkClasses(classes)
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  given.indices.forEach((label, row) => {
    const line = counts[label]
    const prediction = found.indices[row] ?? 0
    if (line !== undefined) line[prediction] = (line[prediction] ?? 0) + 1
  })
  return counts
}

function toCounts(matrix: MatrixLike): number[][] {
  const { data, rows, columns } = toMatrix('matrix', matrix)
  if (rows !== columns)
    throw new RangeError(`Expected \`matrix\` to be square, got ${rows} rows of ${columns}`)
  checkClasses(rows)
  const bad = data.findIndex((value) => !(value >= 0 && Number.isFinite(value)))
  if (bad >= 0) {
    const place = `matrix[${Math.floor(bad / columns)}][${bad % columns}]`
    throw rangeError(place, 'a number of rows, from 0', data[bad])
  }
  return Array.from({ length: rows }, (_, i) =>
    Array.from(data.subarray(i * columns, (i + 1) * columns)),
  )
}

function checkClasses(classes: number): void {
  if (classes > smallest.mostClasses)
    throw new RangeError(
      `A confusion matrix is drawn for at most ${smallest.mostClasses} classes, got ${show(classes)}`,
    )
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

function summary(counts: readonly (readonly number[])[]): string {
  const right = sumOf(counts.map((row, i) => row[i] ?? 0))
  const all = sumOf(counts.map(sumOf))
  const share = all > 0 ? `, ${percent(right / all)}` : ''
  const meaning = layoutOf(counts).hasShares ? '; shares are of the true class' : ''
  return `${shortCount(right)} of ${shortCount(all)} right${share}${meaning}`
}

const layoutOf = (counts: readonly unknown[]) =>
  layouts.find(({ mostClasses }) => counts.length <= mostClasses) ?? smallest

/** Rows are whole, but for those with weights. */
const shortCount = (value: number) => (Number.isInteger(value) ? String(value) : shortNumber(value))

function toSpecification(
  counts: readonly (readonly number[])[],
  names: readonly string[],
  title: string,
  subtitle: string,
): Specification {
  const layout = layoutOf(counts)
  const shares = counts.map((row) => {
    const all = sumOf(row)
    return row.map((value) => (all > 0 ? value / all : 0))
  })
  const mostWrong = shares
    .flatMap((row, i) => row.filter((_, j) => j !== i))
    .reduce((a, b) => Math.max(a, b), 0)
  const cells = counts
    .flatMap((row, i) =>
      row.map((value, j) => {
        const share = shares[i]?.[j] ?? 0
        const strength = i === j ? share : share / (mostWrong || 1)
        return {
          x: j,
          y: i,
          color: i === j ? light.series[0] : light.series[1],
          opacity: value > 0 ? faintest + (strongest - faintest) * strength : 0,
          count: shortCount(value),
          share: layout.hasShares && value > 0 ? percent(share, 1) : '',
          ink: value > 0 ? light.ink : light.label,
        }
      }),
    )
    .filter(({ opacity }) => layout.fontSize > 0 || opacity > 0)
  const text = (field: 'count' | 'share', size: number, dy: number, filter: string) => ({
    transform: [{ filter }],
    mark: { type: 'text' as const, fontSize: size, dy },
    encoding: {
      text: { field, type: 'nominal' as const },
      color: { field: 'ink', type: 'nominal' as const, scale: null },
    },
  })
  const { fontSize, hasShares } = layout
  return {
    title: toTitle(title, subtitle, counts.length * layout.width),
    width: { step: layout.width },
    height: { step: layout.height },
    data: { values: cells },
    encoding: {
      x: toChannel('x', 'predicted class', names, layout.width),
      y: toChannel('y', 'true class', names, layout.width),
    },
    layer: [
      {
        mark: { type: 'rect', stroke: light.grid, strokeWidth: 1 },
        encoding: {
          fill: { field: 'color', type: 'nominal', scale: null },
          fillOpacity: { field: 'opacity', type: 'quantitative', scale: null },
        },
      },
      ...(fontSize > 0 ? [text('count', fontSize, 0, "datum.share === ''")] : []),
      ...(hasShares
        ? [
            text('count', fontSize, -7, "datum.share !== ''"),
            text('share', fontSize - 1, 9, "datum.share !== ''"),
          ]
        : []),
    ],
  }
}

function toChannel(field: 'x' | 'y', title: string, names: readonly string[], width: number) {
  return {
    field,
    type: 'ordinal' as const,
    title,
    scale: { domain: names.map((_, i) => i), paddingInner: gap, paddingOuter: 0 },
    axis: {
      labelExpr: labelsByValue(names),
      ...(field === 'x' && turnedIn(names, width)),
      ...(width <= smallest.width && { labelAngle: 0 }),
      domain: false,
      ticks: false,
      labelLimit: 160,
    },
  }
}
