import { typeError } from '../errors.js'
import { toNumbers } from '../matrix.js'
import type { SettingsOf } from '../options/index.js'
import {
  arrayOf,
  checks,
  complete,
  defaulted,
  label,
  oneOf,
  optional,
  required,
} from '../options/index.js'
import { extentOf, isDrawable } from './extent.js'
import type { Specification } from './render.js'
import { render } from './render.js'
import type { ThemeName } from './themes.js'
import { themes } from './themes.js'
import { toTitle } from './titles.js'
import { labelsByValue, shortNumber, turnedIn } from './labels.js'

/** One side of a {@link Heatmap}. */
export interface HeatmapAxis {
  readonly title: string
  /** What stands below each column, or beside each row; numbers are shown as 1e-3. */
  readonly values: readonly (number | string)[]
}

/** What {@link heatmap} draws. */
export interface Heatmap {
  readonly title: string
  /** A line below the title. */
  readonly subtitle?: string | undefined
  /** From the left to the right. */
  readonly x: HeatmapAxis
  /** From the bottom to the top. */
  readonly y: HeatmapAxis
  /**
   * `values[i][j]` is that of `y.values[i]` and `x.values[j]`. What is not finite, or of a size above
   * 1e300, is crossed; what has no place on the scale has no colour.
   */
  readonly values: readonly (readonly number[])[]
  /** Whether equal differences or equal factors are equal steps of colour. Default 'linear'. */
  readonly scale?: 'linear' | 'log' | undefined
}

/** How cells look, by how many there are along the longer side. Pixels. */
const layouts = [
  { mostCells: 24, width: 54, height: 40, hasLabels: true },
  { mostCells: Infinity, width: 12, height: 12, hasLabels: false },
] as const
const axisFields = {
  title: required(checks.text),
  values: required(arrayOf('an array of numbers and texts', label)),
}
const fields = {
  title: required(checks.text),
  subtitle: optional(checks.text),
  x: required(axis),
  y: required(axis),
  values: required(arrayOf('an array of rows', toNumbers)),
  scale: defaulted('linear', oneOf(['linear', 'log'])),
}
type Fields = SettingsOf<typeof fields>

// Not the themes' own black and white, which a dark theme would replace: the cells stay as they are.
const dark = '#000000'
const bright = '#fffffe'
const { light } = themes

/**
 * A table of numbers as colours (viridis, from the least to the largest), with the number in each
 * cell, as SVG.
 *
 * @param theme - Default 'auto'
 * @throws TypeError or RangeError for what is no chart, if there are no cells, or not as many as the
 * axes have values
 *
 * @example
 * await plot.heatmap({
 *   title: 'Test accuracy',
 *   x: { title: 'learning rate', values: [0.001, 0.01, 0.1] },
 *   y: { title: 'l2', values: [0, 1e-4] },
 *   values: [[0.7, 0.9, 0.97], [0.7, 0.9, 0.98]],
 * })
 */
export async function heatmap(chart: Heatmap, theme?: ThemeName): Promise<string> {
  const checked = complete('heatmap', fields, chart)
  checkShape(checked)
  const { scheme } = await import('vega') // here: it takes longer to load than all of gemmnet
  const viridis = scheme('viridis') as (place: number) => string // one of Vega's own
  return render(toSpecification(checked, viridis), checked.title, theme)
}

function toSpecification(
  { title, subtitle, x, y, values, scale }: Fields,
  colourAt: (place: number) => string,
) {
  const cellsAlong = Math.max(x.values.length, y.values.length)
  const { width, height, hasLabels } =
    layouts.find(({ mostCells }) => cellsAlong <= mostCells) ?? layouts[1]
  const hasPlace = (value: number) => isDrawable(value) && (scale === 'linear' || value > 0)
  const toPlace = scale === 'log' ? Math.log : (value: number) => value
  const rows = values.map((row) => Array.from(row))
  const [least, most] = domainOf(rows.flat().filter(hasPlace))
  const cells = rows.flatMap((row, i) =>
    row.map((value, j) => {
      const place = (toPlace(value) - toPlace(least)) / (toPlace(most) - toPlace(least))
      return {
        x: j,
        y: i,
        value: hasPlace(value) ? value : null,
        label: isDrawable(value) ? toLabel(value) : '×',
        ink: hasPlace(value) ? inkOn(colourAt(place)) : light.label,
      }
    }),
  )
  return {
    title: toTitle(title, subtitle, x.values.length * width),
    width: { step: width },
    height: { step: height },
    data: { values: cells },
    encoding: {
      x: toChannel('x', x, 'ascending', hasLabels ? width : undefined),
      y: toChannel('y', y, 'descending', hasLabels ? width : undefined),
    },
    layer: [
      {
        mark: { type: 'rect' as const, invalid: null },
        encoding: {
          fill: {
            field: 'value',
            type: 'quantitative' as const,
            scale: { type: scale, scheme: 'viridis' as const, domain: [least, most] },
            legend: {
              orient: 'right' as const,
              direction: 'vertical' as const,
              gradientLength: { expr: 'height' },
              tickCount: 5,
              labelExpr: "replace(format(datum.value, '.3~g'), 'e+', 'e')",
            },
            condition: { test: 'datum.value === null', value: light.grid },
          },
        },
      },
      ...(hasLabels
        ? [
            {
              mark: { type: 'text' as const, fontSize: 12 },
              encoding: {
                text: { field: 'label', type: 'nominal' as const },
                color: { field: 'ink', type: 'nominal' as const, scale: null },
              },
            },
          ]
        : []),
    ],
  } satisfies Specification
}

function toChannel(
  field: 'x' | 'y',
  { title, values }: HeatmapAxis,
  sort: 'ascending' | 'descending',
  width: number | undefined, // where each has a label
) {
  const labels = values.map((value) => (typeof value === 'number' ? shortNumber(value) : value))
  return {
    field,
    type: 'ordinal' as const,
    title,
    sort,
    // Outer padding would draw no line around the cells, inner padding one between them.
    scale: { paddingInner: 0.03, paddingOuter: 0 },
    axis: {
      labelExpr: labelsByValue(labels),
      ...(field === 'x' && width !== undefined ? turnedIn(labels, width) : { labelAngle: 0 }),
      labelOverlap: width === undefined,
      domain: false,
      ticks: false,
      labelLimit: 160,
    },
  }
}

/** 0.972, 12.3, 1.2e-5. */
function toLabel(value: number): string {
  const size = Math.abs(value)
  if (value !== 0 && (size < 0.01 || size >= 1e4)) return value.toExponential(1).replace('+', '')
  if (size >= 1000) return value.toFixed()
  return size < 1 ? value.toFixed(3) : value.toPrecision(3)
}

/** The least and the largest, made to differ where they do not. */
function domainOf(values: readonly number[]): [least: number, most: number] {
  const [least, most] = extentOf(values)
  if (values.length === 0) return [1, 2]
  return most > least ? [least, most] : [least, least + Math.abs(least) + 1]
}

/** Black or white, whichever is told better from the background (WCAG's contrast). */
function inkOn(background: string): string {
  const hex = /^#(..)(..)(..)$/
    .exec(background)
    ?.slice(1)
    .map((digits) => parseInt(digits, 16))
  const [red = 0, green = 0, blue = 0] = (hex ?? background.match(/\d+/g) ?? []).map((channel) => {
    const value = Number(channel) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  // Where 1.05 / (luminance + 0.05), of white, is (luminance + 0.05) / 0.05, of black.
  return luminance > Math.sqrt(1.05 * 0.05) - 0.05 ? dark : bright
}

function checkShape({ x, y, values }: Fields): void {
  for (const [name, axis] of Object.entries({ x, y }))
    if (axis.values.length === 0)
      throw typeError(`${name}.values`, 'an array of at least one value', axis.values)
  if (values.length !== y.values.length)
    throw new RangeError(
      `\`values\` has ${values.length} rows, \`y\` has ${y.values.length} values`,
    )
  values.forEach((row, i) => {
    if (row.length !== x.values.length)
      throw typeError(`values[${i}]`, `an array of ${x.values.length} numbers`, row)
  })
}

function axis(name: string, value: unknown) {
  return complete(name, axisFields, value, { path: `${name}.` })
}
