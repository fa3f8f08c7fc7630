/** The colours of a plot. */
export interface Theme {
  readonly background: string
  /** Titles. */
  readonly ink: string
  /** Labels of axes and legends. */
  readonly label: string
  readonly axis: string
  readonly grid: string
  /** The broad line that others are compared with, drawn below them. */
  readonly reference: string
  /**
   * The series, in this order: blue, orange, green, purple, brown or yellow, light blue. Chosen by
   * search so that readers of every colour vision tell any two apart; what that means in numbers is
   * in test/plot.test.ts, which also has the least contrast to the background.
   */
  readonly series: readonly string[]
  /** Areas that series are drawn on: each series' colour, mixed with the background. */
  readonly tints: readonly string[]
}

const tintStrength = 0.3

const light = {
  background: '#ffffff',
  ink: '#1a1a1a',
  label: '#4a4a4a',
  axis: '#8a8a8a',
  grid: '#e4e4e4',
  reference: '#b8b8b8',
  series: ['#1a4390', '#ee6109', '#629560', '#9e4473', '#6b4c00', '#0997ff'],
} as const
const dark = {
  background: '#15181c',
  ink: '#f2f2f2',
  label: '#c4c8cc',
  axis: '#7d838a',
  grid: '#2d3238',
  reference: '#4d545b',
  series: ['#6b7cfb', '#e95910', '#5bf1a6', '#d967a8', '#f2ce21', '#a9c0ff'],
} as const

/** The colours by name; those at the same place stand for each other. */
export const themes = {
  light: { ...light, tints: tintsOf(light) },
  dark: { ...dark, tints: tintsOf(dark) },
} as const satisfies Record<string, Theme>

/** The name of a theme, or 'auto': the one that the reader's system is set to. */
export type ThemeName = keyof typeof themes | 'auto'

function tintsOf({ background, series }: Pick<Theme, 'background' | 'series'>): string[] {
  return series.map((colour) => mix(colour, background, tintStrength))
}

/** `share` of one colour and the rest of another, `#rrggbb` each. */
export function mix(colour: string, other: string, share: number): string {
  const channels = [1, 3, 5].map((at) => {
    const [a, b] = [colour, other].map((one) => parseInt(one.slice(at, at + 2), 16))
    return Math.round(share * (a ?? 0) + (1 - share) * (b ?? 0))
  })
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}
