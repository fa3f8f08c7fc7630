export type {
  ConfusionOptions,
  DecisionBoundaryOptions,
  HistoryPlotOptions,
  PredictionsPlotOptions,
} from '../options/index.js'
export type { PredictedLabels } from './confusion.js'
export { confusion } from './confusion.js'
export { decisionBoundary } from './decision_boundary.js'
export type { DiagnosisChart, DiagnosisStep } from './diagnosis.js'
export { diagnosis, diagnosisChart } from './diagnosis.js'
export type { Heatmap, HeatmapAxis } from './heatmap.js'
export { heatmap } from './heatmap.js'
export { history } from './history.js'
export type { ImageLabels, ImagesOptions } from './images.js'
export { images } from './images.js'
export type { Axis, Chart, Series } from './lines.js'
export { lines, panels } from './lines.js'
export type { PredictedNumbers } from './predictions.js'
export { predictions } from './predictions.js'
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
