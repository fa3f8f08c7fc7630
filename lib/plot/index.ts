export type { Axis, Chart, Series } from './lines.js'
export { lines, panels } from './lines.js'
export type { ThemeName } from './themes.js'
