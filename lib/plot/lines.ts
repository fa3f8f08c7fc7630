import { rangeError, typeError } from '../errors.js'
import { isTypedArray } from '../matrix.js'
import { textWidth } from './text_width.js'
import { extentOf, isDrawable } from './extent.js'
import type { Specification } from './render.js'
import { render } from './render.js'
import { labelsByValue, labelStyle } from './labels.js'
import type { ThemeName } from './themes.js'
import { themes } from './themes.js'
import { toTitle } from './titles.js'

/** A named series of points. */
export interface Series {
  /** What the legend says; no two series of a chart have the same. */
  readonly name: string
  readonly x: ArrayLike<number>
  /** As many as `x`. A value that cannot be drawn, such as NaN, one of a size above 1e300, or 0 on a log axis, is a gap. */
  readonly y: ArrayLike<number>
  /** Whether it is what the others are compared with: below them, broad and grey. Default false. */
  readonly isReference?: boolean | undefined
}

/** One of the axes. */
export interface Axis {
  readonly title: string
  /** Default 'linear'. */
  readonly scale?: 'linear' | 'log' | undefined
  /** Where the labels are. Default: at round numbers. */
  readonly ticks?: readonly number[] | undefined
}

/** What {@link lines} draws. */
export interface Chart {
  readonly title: string
  /** A line below the title. */
  readonly subtitle?: string | undefined
  readonly x: Axis
  readonly y: Axis
  /** At least one. */
  readonly series: readonly Series[]
  /** Whether each point has a mark. Default false. */
  readonly marks?: boolean | undefined
  /** Width of the area inside the axes, in pixels. Default 480. */
  readonly width?: number | undefined
  /** Height of that area, in pixels. Default 300. */
  readonly height?: number | undefined
}

/**
 * A chart of lines, as SVG. Colours, dashes and marks all tell the series apart, so that no reader
 * needs the colours.
 *
 * @param theme - Default 'auto'
 * @throws TypeError or RangeError if there are no series, two of one name, or one whose `x` and `y`
 * are not of one length
 *
 * @example
 * await plot.lines({
 *   title: 'Learning curve',
 *   x: { title: 'Epoch' },
 *   y: { title: 'Loss', scale: 'log' },
 *   series: [{ name: 'training', x: [1, 2, 3], y: [0.9, 0.3, 0.1] }],
 * })
 */
export async function lines(chart: Chart, theme?: ThemeName): Promise<string> {
  const specification = toSpecification(chart)
  return render(specification, chart.title, theme)
}

/**
 * Several charts in rows, as one SVG.
 *
 * @param title - what they show together
 * @param theme - Default 'auto'
 */
export async function panels(
  title: string,
  rows: readonly (readonly Chart[])[],
  theme?: ThemeName,
): Promise<string> {
  const resolve = {
    scale: { stroke: 'independent', strokeDash: 'independent' },
  } as const
  const specification = {
    title: { ...toTitle(title, undefined, panelsWidth), fontSize: 19, offset: 20 },
    spacing: 28,
    vconcat: rows.map((row) => ({
      spacing: 36,
      hconcat: row.map(toSpecification),
      resolve,
    })),
    resolve,
  } satisfies Specification
  return render(specification, title, theme)
}

const { light } = themes
const panelsWidth = 700 // pixels, of their common title
const dashesAndShapes = [
  { dash: [1, 0], shape: 'circle' },
  { dash: [7, 3], shape: 'square' },
  { dash: [2, 3], shape: 'triangle-up' },
  { dash: [9, 3, 2, 3], shape: 'diamond' },
  { dash: [14, 4], shape: 'cross' },
] as const // a number with no divisor in common with that of the colours: 30 pairs
/** The shapes of marks, in the order of the series. */
export const shapes = dashesAndShapes.map(({ shape }) => shape)
// Pixels:
const lineWidth = 2
const referenceWidth = 5
const symbolLength = 26
const symbolWidth = 50 // with the space around it

/** The chart in Vega-Lite's grammar. */
function toSpecification(chart: Chart) {
  if (typeof (chart as unknown) !== 'object' || (chart as unknown) === null)
    throw typeError('chart', 'an object with title, x, y and series', chart)
  const { title, subtitle, series, width = 480, height = 300 } = chart
  checkAxis('x', chart.x)
  checkAxis('y', chart.y)
  checkSeries(series)
  const looks = series.map(lookOf)
  const points = toPoints(chart, looks)
  const byName = byNameOf(series, width)
  const line = {
    mark: { type: 'line' as const, invalid: 'break-paths-show-path-domains' as const },
    encoding: {
      stroke: byName(looks.map(({ color }) => color)),
      strokeDash: byName(looks.map(({ dash }) => dash)),
      strokeWidth: {
        condition: { test: 'datum.isReference', value: referenceWidth },
        value: lineWidth,
      },
    },
  }
  // Without scales, or the legend would show the marks in the place of the lines.
  const mark = {
    transform: [{ filter: 'datum.hasMark' }],
    mark: { type: 'point' as const, filled: true, size: 60, opacity: 1 },
    encoding: {
      fill: { field: 'color', type: 'nominal' as const, scale: null },
      shape: { field: 'shape', type: 'nominal' as const, scale: null },
    },
  }
  return {
    title: toTitle(title, subtitle, width),
    width,
    height,
    data: { values: points },
    encoding: {
      x: toChannel('x', chart.x, points),
      y: toChannel('y', chart.y, points),
    },
    layer: [line, mark],
  }
}

/** How a series is drawn. */
interface Look {
  readonly color: string
  readonly dash: readonly number[]
  readonly shape: string
}

function lookOf({ isReference = false }: Series, i: number, all: readonly Series[]): Look {
  if (isReference) return { color: light.reference, dash: [1, 0], shape: 'circle' }
  const place = all.slice(0, i).filter((before) => before.isReference !== true).length
  const { dash, shape } = dashesAndShapes[place % dashesAndShapes.length] ?? dashesAndShapes[0]
  return { color: light.series[place % light.series.length] ?? light.ink, dash, shape }
}

interface Point {
  readonly name: string
  readonly isReference: boolean
  readonly x: number | null
  readonly y: number | null
  readonly hasMark: boolean
  readonly color: string
  readonly shape: string
}

/** What is drawn, the references first: what comes later is drawn above it. */
function toPoints(chart: Chart, looks: readonly Look[]): Point[] {
  const all = chart.series.map(({ name, isReference = false, x, y }, i) => {
    const { color, shape } = looks[i] ?? lookOf({ name, x, y }, 0, [])
    const xs = Array.from(x, (value) => toDrawable(value, chart.x))
    const ys = Array.from(y, (value) => toDrawable(value, chart.y))
    const isGap = (row: number) => (xs[row] ?? null) === null || (ys[row] ?? null) === null
    const points = xs.map((value, row): Point => {
      // A point between two gaps has no line.
      const hasMark = chart.marks === true || (isGap(row - 1) && isGap(row + 1))
      return {
        name,
        isReference,
        x: value,
        y: ys[row] ?? null,
        hasMark: hasMark && !isGap(row),
        color,
        shape,
      }
    })
    return { isReference, points }
  })
  const references = all.filter(({ isReference }) => isReference)
  const others = all.filter(({ isReference }) => !isReference)
  return [...references, ...others].flatMap(({ points }) => points)
}

function toDrawable(value: number, { scale }: Axis): number | null {
  if (!isDrawable(value)) return null
  return scale === 'log' && value <= 0 ? null : value
}

/** How many names have room side by side, in pixels. */
export function legendColumns(
  names: readonly string[],
  width: number,
  symbolWidth: number,
): number {
  const longest = names.reduce((most, name) => Math.max(most, textWidth(name, labelStyle)), 0)
  return Math.floor(width / (symbolWidth + longest)) || 1
}

/** Returns what makes an encoding of the series' names, with a legend of no more than `width`. */
function byNameOf(series: readonly Series[], width: number) {
  const domain = series.map(({ name }) => name)
  const columns = legendColumns(domain, width, symbolWidth)
  const legend = { symbolType: 'stroke', symbolSize: symbolLength ** 2, columns } as const
  return (range: readonly unknown[]) => ({
    field: 'name',
    type: 'nominal' as const,
    legend: series.length > 1 ? legend : null,
    // Vega-Lite's types know no ranges of dashes, which it takes as it does those of colours.
    scale: { domain, range: [...range] as string[] },
  })
}

function toChannel(field: 'x' | 'y', { title, scale = 'linear', ticks }: Axis, points: Point[]) {
  const drawn = points.map((point) => point[field]).filter((value) => value !== null)
  const values = scale === 'log' ? (ticks ?? logTicks(drawn)) : ticks
  // Titles are above the labels at the top: with one at every top they are level in a row.
  const count = field === 'y' && scale === 'linear' ? linearTicks : undefined
  const areWhole = drawn.every((value) => Number.isInteger(value))
  const isNice = ticks === undefined && (field === 'y' || !areWhole)
  return {
    field,
    type: 'quantitative' as const,
    title,
    scale: {
      type: scale,
      zero: false,
      nice: isNice && (count ?? true),
      ...(scale === 'linear' && aroundOne(drawn)),
    },
    axis: {
      labelOverlap: true,
      ...(count !== undefined && { tickCount: count }),
      ...(areWhole && { tickMinStep: 1 }),
      ...(values && { values: [...values], labelExpr: labelExpression(values) }),
    },
  }
}

/** A domain around what is all the same, which by itself would span nothing. */
function aroundOne(values: readonly number[]) {
  const [least, most] = extentOf(values)
  const space = Math.max(1, Math.abs(least))
  return least === most && { domain: [least - space, least + space] }
}

/** The labels in Vega's expressions: a table by value. */
function labelExpression(values: readonly number[]): string {
  const toLabel = values.every(isShort) ? String : inPowers
  const labels = values.map((value): [string, string] => [String(value), toLabel(value)])
  return labelsByValue(Object.fromEntries(labels))
}

const mostTicks = 8
const linearTicks = 6 // about

/** Powers of ten, every second or third of many; or 1, 2 and 5 times them where there are few. */
function logTicks(values: readonly number[]): number[] {
  if (values.length === 0) return []
  const lowest = Math.floor(Math.log10(values.reduce((a, b) => Math.min(a, b))))
  const highest = Math.ceil(Math.log10(values.reduce((a, b) => Math.max(a, b))))
  const factors = highest - lowest < 2 ? [1, 2, 5] : [1]
  const step = Math.ceil((highest - lowest) / mostTicks) || 1
  const count = Math.floor((highest - lowest) / step) + 1
  return Array.from({ length: count }, (_, i) => lowest + i * step).flatMap((exponent) =>
    factors.map((factor) => Number(`${factor}e${exponent}`)),
  )
}

/** Whether a value is said as it is: the values of an axis are all said so, or none. */
const isShort = (value: number) => String(value).length <= 5

/** 5·10⁻³, 10⁻², 1, 10. */
function inPowers(value: number): string {
  if (value === 1 || value === 10) return String(value)
  const [digits = '', exponent = ''] = value.toExponential().replace('+', '').split('e')
  const power = `10${exponent.replace('-', '⁻').replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)))}`
  return digits === '1' ? power : `${digits}·${power}`
}

function checkAxis(name: 'x' | 'y', axis: Axis): void {
  const { title, scale = 'linear' } = Object(axis) as Partial<Axis>
  if (typeof title !== 'string') throw typeError(`${name}.title`, 'a text', title)
  if (!['linear', 'log'].includes(scale))
    throw typeError(`${name}.scale`, "'linear' or 'log'", scale)
}

function checkSeries(series: readonly Series[]): void {
  if (!Array.isArray(series) || series.length === 0)
    throw typeError('series', 'an array of at least one series', series)
  const names = new Set<string>()
  series.forEach((one: Series, i) => {
    const { name, x, y } = Object(one) as Partial<Series>
    if (typeof name !== 'string') throw typeError(`series[${i}].name`, 'a text', name)
    if (!isNumbers(x)) throw typeError(`series[${i}].x`, 'an array of numbers', x)
    if (!isNumbers(y)) throw typeError(`series[${i}].y`, 'an array of numbers', y)
    if (names.has(name)) throw rangeError(`series[${i}].name`, 'a name of its own', name)
    names.add(name)
    if (x.length !== y.length)
      throw new RangeError(`\`series[${i}]\` has ${x.length} values of x and ${y.length} of y`)
  })
}

function isNumbers(values: unknown): values is ArrayLike<number> {
  return (
    isTypedArray(values) ||
    (Array.isArray(values) && values.every((value) => typeof value === 'number'))
  )
}
