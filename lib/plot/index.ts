export type { DiagnosisChart, DiagnosisStep } from './diagnosis.js'
export { diagnosisChart } from './diagnosis.js'
export type { Heatmap, HeatmapAxis } from './heatmap.js'
export { heatmap } from './heatmap.js'
export type { Axis, Chart, Series } from './lines.js'
export { lines, panels } from './lines.js'
export type { ThemeName } from './themes.js'
export type {
  Report,
  ReportLines,
  ReportPart,
  ReportPicture,
  ReportSection,
  ReportTable,
} from './report.js'
export { toHTML } from './report.js'
export { write, writeReport } from './write.js'
