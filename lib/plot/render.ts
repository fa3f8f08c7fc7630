import type { Config, TopLevelSpec } from 'vega-lite'
import { checkTheme } from '../options/index.js'
import { escape } from './escape.js'
import type { Theme, ThemeName } from './themes.js'
import { themes } from './themes.js'

/** A chart or an arrangement of charts, in Vega-Lite's grammar and in the colours of the light theme. */
export type Specification = TopLevelSpec

/** Fonts that systems have, from the best; the last is on every one. */
const font = "system-ui, 'Segoe UI', 'Helvetica Neue', Helvetica, Arial, sans-serif"
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
  try {
    const svg = await view.toSVG()
    return dress(svg, label, theme)
  } finally {
    view.finalize()
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
    fontSize: 15,
    fontWeight: 600,
    subtitleFontSize: 12,
    subtitlePadding: 4,
    offset: 10,
  },
  axis: {
    labelColor: light.label,
    titleColor: light.label,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelPadding: 4,
    domainColor: light.axis,
    tickColor: light.axis,
    gridColor: light.grid,
    labelFlush: false,
  },
  legend: {
    title: null,
    labelColor: light.label,
    labelFontSize: 12,
    labelLimit: 0,
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
  const named = numberGradients(svg).replace('class="marks"', () => name)
  if (theme === 'light') return named
  if (theme === 'dark')
    return pairs().reduce((text, [from, to]) => text.replaceAll(`"${from}"`, `"${to}"`), named)
  // What knows no media queries, such as a converter to PNG, shows the light theme.
  return named.replace('>', () => `><style>${darkStyle()}</style>`)
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
