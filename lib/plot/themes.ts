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
}

/** The colours by name; those at the same place stand for each other. */
export const themes = {
  light: {
    background: '#ffffff',
    ink: '#1a1a1a',
    label: '#4a4a4a',
    axis: '#8a8a8a',
    grid: '#e4e4e4',
    reference: '#b8b8b8',
    series: ['#1a4390', '#ee6109', '#629560', '#9e4473', '#6b4c00', '#0997ff'],
  },
  dark: {
    background: '#15181c',
    ink: '#f2f2f2',
    label: '#c4c8cc',
    axis: '#7d838a',
    grid: '#2d3238',
    reference: '#4d545b',
    series: ['#6b7cfb', '#e95910', '#5bf1a6', '#d967a8', '#f2ce21', '#a9c0ff'],
  },
} as const satisfies Record<string, Theme>

/** The name of a theme, or 'auto': the one that the reader's system is set to. */
export type ThemeName = keyof typeof themes | 'auto'
