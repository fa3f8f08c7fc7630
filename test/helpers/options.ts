import { compileFunction } from 'node:vm'
import * as api from '../../lib/index.js'
import type { Option, OptionTable } from '../../lib/options/index.js'
import * as exported from '../../lib/options/index.js'

// Every place where a user gives options, as source text: the same text is run, to see what is
// refused, and compiled, to see that the types refuse it too. The tables of lib/options are walked,
// so that a new option, or a row of a table, needs no new test.

/** Where a table's options are given. */
export interface Place {
  /** The table's name in lib/options. */
  readonly table: string
  /** The row, in a table of tables. */
  readonly row: string
  readonly options: OptionTable
  /** What names begin with in messages. */
  readonly path: string
  /** The call with these options, as names and texts. */
  readonly source: (texts: Texts) => string
  /** What must be given. */
  readonly required: Texts
}
/** Functions without an object of options. */
export const plainFunctions = ['activation', 'dropout', 'gaussianNoise']

/** Values as TypeScript text, by the option's name. */
export type Texts = Readonly<Record<string, string>>

/** An object with these options. */
const object = (texts: Texts) =>
  `{ ${Object.entries(texts)
    .map(([name, text]) => `${name}: ${text}`)
    .join(', ')} }`
/** A call with the first of these options as an argument of its own. */
const call = (name: string, first: string, { [first]: argument = 'undefined', ...texts }: Texts) =>
  Object.keys(texts).length === 0
    ? `${name}(${argument})`
    : `${name}(${argument}, ${object(texts)})`
const trainer = (texts: Texts) =>
  `new Trainer(network, ${object({ loss: `'meanSquaredError'`, optimizer: `'sgd'`, ...texts })})`
const named = (row: string, texts: Texts) => object({ name: `'${row}'`, ...texts })

const build = '() => makeTrainer()'
const sets = '{ train: data }'

/** The source of a call, by the table's name in lib/options; `row` is '' for a single table. */
const sources: Readonly<
  Record<string, { path?: string; source: (row: string, texts: Texts) => string }>
> = {
  activations: {
    path: 'activation.',
    source: (row, texts) => `activation(${named(row, texts)})`,
  },
  initializers: {
    path: 'kernelInitializer.',
    source: (row, texts) => `dense(2, { kernelInitializer: ${named(row, texts)} })`,
  },
  losses: { path: 'loss.', source: (row, texts) => trainer({ loss: named(row, texts) }) },
  metrics: {
    path: 'metrics[0].',
    source: (row, texts) => trainer({ metrics: `[${named(row, texts)}]` }),
  },
  optimizers: { source: (row, texts) => `${row}(${object(texts)})` },
  quasiNewton: { source: (row, texts) => `${row}(${object(texts)})` },
  schedules: {
    source: (row, texts) => {
      if (row === 'piecewise') return `piecewise(${object(texts)})`
      if (row === 'warmup') return `warmup(0.1, ${object(texts)})`
      return call(row, 'rate', texts)
    },
  },
  layers: {
    source: (row, texts) =>
      row.endsWith('Norm') || row === 'embedding'
        ? `${row}(${object(texts)})`
        : call(row, { dense: 'units', dropout: 'rate', activation: 'activation' }[row] ?? 'stddev', texts), // prettier-ignore
  },
  embeddedColumnOptions: {
    path: 'columns[0].',
    source: (_, texts) => `embedding({ columns: [${object(texts)}] })`,
  },
  networkOptions: {
    source: (_, texts) => `new Network(${object({ layers: '[dense(2)]', ...texts })})`,
  },
  trainerOptions: { source: (_, texts) => trainer(texts) },
  phaseOptions: {
    path: 'optimizer[0].',
    source: (_, texts) => trainer({ optimizer: `[${object({ optimizer: `'sgd'`, ...texts })}]` }),
  },
  fitOptions: { source: (_, texts) => `makeTrainer().fit(data, ${object(texts)}).stop()` },
  streamOptions: {
    source: (_, texts) => `makeTrainer().fitStream([data], ${object(texts)}).stop()`,
  },
  stepsOptions: { source: (_, texts) => `stepsPerEpoch(23, ${object(texts)})` },
  gradientCheckOptions: {
    source: (_, texts) => `network.checkGradients([[1, 2]], [[1, 2]], ${object(texts)})`,
  },
  preparation: { source: (row, texts) => `new ${row}(${object(texts)})` },
  inferenceOptions: { source: (_, texts) => `Pipeline.infer(table, ${object(texts)})` },
  datasetOptions: { source: (_, texts) => `new Dataset([[1], [2]], [0, 0], ${object(texts)})` },
  splitOptions: { source: (_, texts) => `labelled.split({ a: 0.5, b: 0.5 }, ${object(texts)})` },
  experimentOptions: {
    source: (_, texts) =>
      `crossValidate(${object({ build, folds: '[{ train: data }]', ...texts })}).stop()`,
  },
  gridSearchOptions: {
    source: (_, texts) =>
      `gridSearch(${object({ build, data: sets, grid: '{ a: [1] }', ...texts })}).stop()`,
  },
  randomSearchOptions: {
    source: (_, texts) =>
      `randomSearch(${object({ build, data: sets, space: '{ a: [1] }', ...texts })}).stop()`,
  },
  halvingSearchOptions: {
    source: (_, texts) =>
      `halvingSearch(${object({ build, data: sets, space: '{ a: [1] }', trials: '3', ...texts })}).stop()`,
  },
  crossValidationOptions: {
    source: (_, texts) =>
      `validationCurve(${object({ build, folds: '[{ train: data }]', values: '{ a: [1] }', ...texts })}).stop()`,
  },
  learningCurveOptions: {
    source: (_, texts) =>
      `learningCurve(${object({ build, folds: '[{ train: data }]', ...texts })}).stop()`,
  },
  diagnosisOptions: { source: (_, texts) => `checkDiagnosisOptions(${object(texts)})` },
  measuredErrorOptions: {
    source: (_, texts) => `checkMeasuredErrorOptions(${object({ error: '0', ...texts })})`,
  },
  foldOptions: { source: (_, texts) => `labelled.kFold(2, ${object(texts)})` },
  timeSeriesOptions: { source: (_, texts) => `labelled.timeSeriesSplit(1, ${object(texts)})` },
  tableSplitOptions: { source: (_, texts) => `table.split({ a: 0.5, b: 0.5 }, ${object(texts)})` },
  tableFoldOptions: { source: (_, texts) => `table.kFold(2, ${object(texts)})` },
  tableTimeSeriesOptions: { source: (_, texts) => `table.timeSeriesSplit(1, ${object(texts)})` },
  earlyStoppingOptions: { source: (_, texts) => `earlyStopping(${object(texts)})` },
  reduceOnPlateauOptions: { source: (_, texts) => `reduceOnPlateau(${object(texts)})` },
  csvLoggerOptions: { source: (_, texts) => `csvLogger('file', ${object(texts)})` },
  modelCheckpointOptions: { source: (_, texts) => `modelCheckpoint('file', ${object(texts)})` },
  csvOptions: { source: (_, texts) => `streamCsv(new Uint8Array(0), ${object(texts)})` },
  jsonLinesOptions: {
    source: (_, texts) => `streamJsonLines(new Uint8Array(0), ${object(texts)})`,
  },
  arrayFileOptions: { source: (_, texts) => `checkArrayFileOptions(${object(texts)})` },
  historyOptions: { source: (_, texts) => `checkHistoryOptions(${object(texts)})` },
  confusionOptions: { source: (_, texts) => `checkConfusionOptions(${object(texts)})` },
  predictionsOptions: { source: (_, texts) => `checkPredictionsOptions(${object(texts)})` },
  imagesOptions: { source: (_, texts) => `checkImagesOptions(${object(texts)})` },
  decisionBoundaryOptions: {
    source: (_, texts) => `checkDecisionBoundaryOptions(${object(texts)})`,
  },
  toyOptions: { source: (_, texts) => `moons(${object(texts)})` },
  monitorOptions: { source: (_, texts) => `earlyStopping(${object(texts)})` },
}

/** Values of all kinds, as TypeScript text: some are right somewhere, most are wrong in most places. */
export const values: readonly string[] = [
  ...['0', '-0', '1', '-1', '2', '0.1', '0.5', '2.5', '2 ** 53', '1e300', '1e-300', '-1e300'],
  ...['NaN', '1e400', '-1e400', '1n', 'true', 'null', `''`, `'x'`, `'toString'`, '{}', '[]'],
  ...[`[0.5]`, `['x']`, '[NaN]', '[, 1]', `{ name: 'x' }`, `{ name: 5 }`, '() => 0', 'new Date()'],
  ...[`Symbol('s')`, 'new Float32Array(2)'],
]

const scope = {
  ...api,
  network: new api.Network({ inputs: 2, layers: [api.dense(2)] }),
  data: new api.Dataset([[1, 2], [3, 4]], [[1, 2], [3, 4]]), // prettier-ignore
  labelled: new api.Dataset([[1], [2]], [0, 0]),
  table: new api.Table({ x: [1, 2], b: ['x', 'y'] }),
  makeTrainer: () =>
    new api.Trainer(new api.Network({ inputs: 2, layers: [api.dense(2)] }), {
      loss: 'meanSquaredError',
      optimizer: 'sgd',
    }),
  // These functions refuse options, too, but later.
  checkDiagnosisOptions: (options: Pick<api.DiagnosisOptions, 'metric' | 'confidence'>) =>
    exported.complete('diagnose', exported.diagnosisOptions, options),
  checkMeasuredErrorOptions: (options: exported.OptionsOf<typeof exported.measuredErrorOptions>) =>
    exported.complete('diagnose', exported.measuredErrorOptions, options),
  checkArrayFileOptions: (options: api.ReadNpyOptions) =>
    exported.complete('readNpy', exported.arrayFileOptions, options),
  checkHistoryOptions: (options: api.plot.HistoryPlotOptions) =>
    exported.complete('history', exported.historyOptions, options),
  checkConfusionOptions: (options: api.plot.ConfusionOptions) =>
    exported.complete('confusion', exported.confusionOptions, options),
  checkPredictionsOptions: (options: api.plot.PredictionsPlotOptions) =>
    exported.complete('predictions', exported.predictionsOptions, options),
  checkImagesOptions: (options: api.plot.ImagesOptions) =>
    exported.complete('images', exported.imagesOptions, options),
  checkDecisionBoundaryOptions: (options: api.plot.DecisionBoundaryOptions) =>
    exported.complete('decisionBoundary', exported.decisionBoundaryOptions, options),
}
/** The declarations that a source needs to be compiled. */
export const declarations = `import {
  ${Object.keys(api).join(', ')}
} from '../../lib/index.js'
declare const network: Network
declare const data: Dataset
declare const labelled: Dataset
declare const table: Table
declare const makeTrainer: () => Trainer
declare const checkDiagnosisOptions: (options: Pick<import('../../lib/index.js').DiagnosisOptions, 'metric' | 'confidence'>) => unknown
declare const checkMeasuredErrorOptions: (options: { error: number; rows?: number | undefined; standardError?: number | undefined }) => unknown
declare const checkArrayFileOptions: (options: import('../../lib/index.js').ReadNpyOptions) => unknown
declare const checkHistoryOptions: (options: plot.HistoryPlotOptions) => unknown
declare const checkConfusionOptions: (options: plot.ConfusionOptions) => unknown
declare const checkPredictionsOptions: (options: plot.PredictionsPlotOptions) => unknown
declare const checkImagesOptions: (options: plot.ImagesOptions) => unknown
declare const checkDecisionBoundaryOptions: (options: plot.DecisionBoundaryOptions) => unknown
`

/** Runs a source. */
export function run(source: string, others: object = {}): unknown {
  const all = { ...scope, ...others }
  const made = compileFunction(`return ${source}`, Object.keys(all)) as (
    ...all: unknown[]
  ) => unknown
  return made(...Object.values(all))
}

const column = '[{ column: 0, categories: 2, dimensions: 1 }]'

/** A value that an option's check takes. */
function rightValue(option: Option<unknown>): string {
  const candidates = ['1', '0.5', `'linear'`, `'meanSquaredError'`, '[1]', column]
  const right = candidates.find((text) => {
    try {
      option.check('', run(text))
      return true
    } catch {
      return false
    }
  })
  if (right === undefined) throw new Error('add a right value')
  return right
}

function toPlace(table: string, row: string, options: OptionTable): Place {
  const known = sources[table]
  if (known === undefined) throw new Error(`lib/options has a new table, ${table}`)
  const required = Object.entries(options)
    .filter(([, option]) => !('default' in option) && !('optional' in option))
    .map(([name, option]) => [name, name === 'rates' ? '[1, 2]' : rightValue(option)] as const)
  return {
    table,
    row,
    options,
    path: known.path ?? '',
    source: (texts) => known.source(row, texts),
    required: Object.fromEntries(required),
  }
}

const isTable = (value: unknown): value is OptionTable =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((option: unknown) => typeof option === 'object' && option !== null && 'check' in option) // prettier-ignore
const size = (value: object) => Object.keys(value).length

/** Every place where options are given. */
export const places: readonly Place[] = Object.entries(exported).flatMap(([name, table]) => {
  if (typeof table !== 'object' || size(table) === 0 || Array.isArray(table)) return []
  if (isTable(table)) return [toPlace(name, '', table)]
  const rows: [string, unknown][] = Object.entries(table)
  const isTableOfTables =
    rows.every(([, row]) => isTable(row)) && rows.some(([, row]) => size(row as object) > 0)
  return isTableOfTables
    ? rows.map(([row, options]) => toPlace(name, row, options as OptionTable))
    : []
})
