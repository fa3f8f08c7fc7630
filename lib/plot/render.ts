import type { Config, TopLevelSpec } from 'vega-lite'
import { checkTheme } from '../options/index.js'
import { escape, printable } from './escape.js'
import { labelStyle } from './labels.js'
import type { TextStyle } from './text_width.js'
import { textWidth } from './text_width.js'
import type { Theme, ThemeName } from './themes.js'
import { themes } from './themes.js'
import { subtitleStyle, titleStyle } from './titles.js'

/** A chart or an arrangement of charts, in Vega-Lite's grammar and in the colours of the light theme. */
export type Specification = TopLevelSpec

/** Fonts that systems have, from the best; the last is on every one. */
export const font = "system-ui, 'Segoe UI', 'Helvetica Neue', Helvetica, Arial, sans-serif"
const longestLabel = 300 // pixels
const { light, dark } = themes

/**
 * Draws a chart.
 *
 * @param label - what the picture shows, for readers who hear it
 * @returns an SVG document that needs nothing else, neither script nor font
 */
export async function render(
  specification: Specification,
  label: string,
  theme: ThemeName = 'auto',
): Promise<string> {
  checkTheme('theme', theme)
  // Here, not above: they take longer to load than all of gemmnet.
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')])
  const logger = vega.logger(vega.Error)
  const { spec } = compile(specification, { config, logger })
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logger })
  // Vega exports it, but its types do not know it.
  const { textMetrics } = vega as unknown as { readonly textMetrics: TextMetrics }
  try {
    return dress(await withOwnWidths(textMetrics, () => view.toSVG()), label, theme)
  } finally {
    view.finalize()
  }
}

/** How Vega measures texts; of the whole process. */
interface TextMetrics {
  width: (style: TextStyle & { readonly limit?: number }, text: unknown) => number
}
let drawings = 0 // that are under way
let vegasWidth: TextMetrics['width'] | undefined

/**
 * Draws with our widths of texts. Vega's own are by the package canvas and the system's fonts where
 * there are any, so that pictures would differ between machines, and else a rough estimate.
 */
async function withOwnWidths<T>(metrics: TextMetrics, draw: () => Promise<T>): Promise<T> {
  if (drawings++ === 0) {
    vegasWidth = metrics.width
    metrics.width = (style, text) =>
      Math.min(textWidth(String(text), style), style.limit ?? Infinity)
  }
  try {
    return await draw()
  } finally {
    if (--drawings === 0 && vegasWidth !== undefined) metrics.width = vegasWidth
  }
}

const config: Config = {
  background: light.background,
  padding: 16,
  font,
  // The document's own label says what it is; one for every point would be noise.
  aria: false,
  view: { stroke: null },
  title: {
    color: light.ink,
    subtitleColor: light.label,
    anchor: 'start',
    frame: 'group',
    fontSize: titleStyle.fontSize,
    fontWeight: titleStyle.fontWeight,
    subtitleFontSize: subtitleStyle.fontSize,
    subtitlePadding: 4,
    offset: 10,
  },
  axis: {
    labelColor: light.label,
    titleColor: light.label,
    labelFontSize: labelStyle.fontSize,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    titleLimit: longestLabel,
    labelPadding: 4,
    domainColor: light.axis,
    tickColor: light.axis,
    gridColor: light.grid,
    labelFlush: false,
  },
  legend: {
    title: null,
    labelColor: light.label,
    labelFontSize: labelStyle.fontSize,
    labelLimit: longestLabel,
    symbolSize: 120,
    symbolStrokeWidth: 2,
    orient: 'bottom',
    direction: 'horizontal',
    columnPadding: 16,
    offset: 8,
  },
}

/** Gives an SVG its colours, and a name for readers who do not see it. */
function dress(svg: string, label: string, theme: ThemeName): string {
  // The class is what the dark theme's rules are for: a page may show pictures of all themes.
  const kind = theme === 'auto' ? 'gemmnet-plot' : `gemmnet-plot-${theme}`
  const name = `class="${kind}" role="img" aria-label="${escape(label)}"`
  const named = numberGradients(rounded(printable(svg))).replace('class="marks"', () => name)
  if (theme === 'light') return named
  if (theme === 'dark')
    return pairs().reduce((text, [from, to]) => text.replaceAll(`"${from}"`, `"${to}"`), named)
  // What knows no media queries, such as a converter to PNG, shows the light theme.
  return named.replace('>', () => `><style>${darkStyle()}</style>`)
}

/** Lengths to thousandths of a pixel: a third less text where there are many. */
function rounded(svg: string): string {
  const toThousandths = (number: string) => String(Math.round(1000 * Number(number)) / 1000)
  return svg.replace(/<[^>]*>/g, (tag) => tag.replace(/-?\d+\.\d{4,}(e-?\d+)?/g, toThousandths))
}

/** Vega counts gradients over the process: equal pictures should be equal. */
function numberGradients(svg: string): string {
  const ids = [...new Set(svg.match(/\bgradient_\d+/g))]
  return svg.replace(/\bgradient_\d+/g, (id) => `gradient_${ids.indexOf(id)}`)
}

function darkStyle(): string {
  const rules = pairs().flatMap(([from, to]) =>
    ['fill', 'stroke'].map((paint) => `.gemmnet-plot [${paint}="${from}"]{${paint}:${to}}`),
  )
  return `@media (prefers-color-scheme:dark){${rules.join('')}}`
}

/** Each colour of the light theme with the dark theme's for it. */
function pairs(): [string, string][] {
  const flat = (theme: Theme) => Object.values(theme).flat() as string[] // colours, and lists of them
  const replacements = flat(dark)
  return flat(light).map((colour, i) => [colour, replacements[i] ?? colour])
}
