import { typeError } from '../errors.js'
import { labelsByValue } from './labels.js'
import type { Specification } from './render.js'
import { render } from './render.js'
import type { ThemeName } from './themes.js'
import { themes } from './themes.js'
import { toTitle } from './titles.js'

/** A step from one error to the next. */
export interface DiagnosisStep {
  readonly title: string
  /** Below the title. */
  readonly subtitle: string
  readonly begin: number
  readonly end: number
  /** Where the end could as well be. */
  readonly low: number
  readonly high: number
  /** Right of the bar. */
  readonly label: string
  readonly isDominant: boolean
}

/** What {@link diagnosisChart} draws. */
export interface DiagnosisChart {
  readonly title: string
  readonly subtitle: string
  /** Title of the axis of errors. */
  readonly axis: string
  readonly steps: readonly DiagnosisStep[]
}

const { light } = themes
// Pixels:
const width = 420
const stepHeight = 58
const barHeight = 22
const whiskerHeight = 10

/**
 * Errors that grow from step to step, as bars one below the other, each with the interval of its
 * end: SVG. The dominant step has the one colour, and a label in bold.
 *
 * @param theme - Default 'auto'
 * @throws TypeError if the chart has no steps
 */
export async function diagnosisChart(chart: DiagnosisChart, theme?: ThemeName): Promise<string> {
  if (!Array.isArray(Reflect.get(Object(chart) as object, 'steps')))
    throw typeError('chart', 'an object with title, subtitle, axis and steps', chart)
  return render(toSpecification(chart), chart.title, theme)
}

/**
 * What `diagnose` found, as SVG: the same as its own `plot`.
 *
 * @param theme - Default 'auto'
 * @throws TypeError if it is none
 *
 * @example
 * await plot.diagnosis(await diagnose({ network, train, dev, test }))
 */
export async function diagnosis(
  diagnosis: { readonly plot: (theme?: ThemeName) => Promise<string> },
  theme?: ThemeName,
): Promise<string> {
  if (typeof Reflect.get(Object(diagnosis) as object, 'plot') !== 'function')
    throw typeError('diagnosis', 'what `diagnose` gives', diagnosis)
  return diagnosis.plot(theme)
}

function toSpecification({ title, subtitle, axis, steps }: DiagnosisChart): Specification {
  const values = steps.map((step) => ({
    ...step,
    right: Math.max(step.begin, step.end, step.high),
  }))
  const y = {
    field: 'title',
    type: 'nominal' as const,
    sort: null,
    axis: { title: null, domain: false, ticks: false, labelExpr: labelExpression(steps) },
  }
  const x = (field: keyof (typeof values)[number]) => ({
    field,
    type: 'quantitative' as const,
    title: axis,
    axis: { tickCount: 6 },
  })
  const colour = {
    condition: { test: 'datum.isDominant', value: light.series[1] },
    value: light.reference,
  }
  const whiskerEnd = (field: 'low' | 'high') => ({
    mark: {
      type: 'tick' as const,
      size: whiskerHeight,
      thickness: 2,
      opacity: 1,
      color: light.ink,
    },
    encoding: { x: x(field), y },
  })
  const label = (isDominant: boolean) => ({
    transform: [{ filter: `datum.isDominant === ${isDominant}` }],
    mark: {
      type: 'text' as const,
      align: 'left' as const,
      dx: 8,
      fontSize: 12,
      fontWeight: isDominant ? ('bold' as const) : ('normal' as const),
      color: light.ink,
    },
    encoding: { x: x('right'), y, text: { field: 'label' } },
  })
  return {
    title: toTitle(title, subtitle, width),
    width,
    height: { step: stepHeight },
    data: { values },
    layer: [
      {
        mark: { type: 'bar', height: barHeight },
        encoding: { x: x('begin'), x2: { field: 'end' }, y, color: colour },
      },
      {
        mark: { type: 'rule', strokeWidth: 2, color: light.ink },
        encoding: { x: x('low'), x2: { field: 'high' }, y },
      },
      whiskerEnd('low'),
      whiskerEnd('high'),
      label(true),
      label(false),
    ],
  }
}

/** The labels in Vega's expressions: a table by title, two lines each. */
function labelExpression(steps: readonly DiagnosisStep[]): string {
  const labels = steps.map(({ title, subtitle }) => [title, [title, subtitle]] as const)
  return labelsByValue(Object.fromEntries(labels))
}
