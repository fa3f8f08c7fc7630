export type { GeneralCallback, GeneralReport } from './callbacks.js'
export { csvLogger, earlyStopping, modelCheckpoint, reduceOnPlateau } from './callbacks.js'
export { toCategorical } from './categorical.js'
export type { CustomLoss, LossBatch, LossValue } from './custom_loss.js'
export type { ArrowTable, ArrowVector } from './data/arrow.js'
export { tableFromArrow } from './data/arrow.js'
export type { ColumnType } from './data/column_types.js'
export type { CsvOptions } from './data/csv.js'
export { readCsv, streamCsv } from './data/csv.js'
export { loadDigits } from './data/digits.js'
export type {
  DuckDBChunk,
  DuckDBReader,
  DuckDBResult,
  MaterializedDuckDBResult,
} from './data/duckdb.js'
export { streamDuckDB, tableFromDuckDB } from './data/duckdb.js'
export type { IdxArray, IdxData, ReadIdxOptions } from './data/idx.js'
export { readIdx } from './data/idx.js'
export type { JsonLinesOptions } from './data/json_lines.js'
export { readJsonLines, streamJsonLines } from './data/json_lines.js'
export { loadMnist } from './data/mnist.js'
export type { NpyArray } from './data/npy.js'
export { readNpy, readNpz } from './data/npy.js'
export type { ByteSource } from './data/source.js'
export type {
  Cell,
  CategoryColumn,
  Column,
  ColumnLike,
  DateColumn,
  NumberColumn,
} from './data/table.js'
export { Table } from './data/table.js'
export { circles, gauss, moons, plane, spiral, xor } from './data/toys.js'
export type { DatasetOptions } from './dataset.js'
export { Dataset } from './dataset.js'
export type { ErrorCode, ErrorDetails } from './errors.js'
export { GemmnetError } from './errors.js'
export { logspace } from './experiments/logspace.js'
export type { Callback, Fit, FitControl } from './fit.js'
export type { FilePath } from './formats/file.js'
export type { Layer } from './layer.js'
export type { LayerDescription, LayerSettings } from './layers.js'
export { activation, batchNorm, dense, dropout, gaussianNoise, layerNorm } from './layers.js'
export type {
  DType,
  FloatArray,
  IntegerArray,
  Labels,
  Matrix,
  MatrixLike,
  TypedArray,
} from './matrix.js'
export type { GradientError, GradientReport, NetworkOptions } from './network.js'
export { Network } from './network.js'
export type { Optimizer, OptimizerOptions } from './optimizers.js'
export {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamw,
  bfgs,
  gradientDescent,
  lbfgs,
  levenbergMarquardt,
  nadam,
  rmsprop,
  rprop,
  sgd,
} from './optimizers.js'
export type {
  Activation,
  ActivationName,
  BatchNormOptions,
  Conventions,
  DenseOptions,
  GradientCheckOptions,
  Initializer,
  InitializerName,
  LayerNormOptions,
  LayerType,
  LearningRate,
  LearningRateFunction,
  LossName,
  MetricName,
  OptimizerName,
  ReadNpyOptions,
  Schedule,
  ScheduleName,
  ScheduleOptions,
  SplitOptions,
  ToyOptions,
  TrainingPosition,
} from './options/index.js'
export type {
  BatchReport,
  EpochReport,
  History,
  MetricValue,
  Scores,
  Validation,
  ValidationScores,
} from './report.js'
export {
  constant,
  cosineDecay,
  exponentialDecay,
  inverseTimeDecay,
  oneCycle,
  piecewise,
  polynomialDecay,
  stepDecay,
  stepsPerEpoch,
  warmup,
} from './schedules.js'
export type { FitOptions } from './trainer.js'
export { Trainer } from './trainer.js'
export type { ClassWeights, Loss, Metric, Phase, TrainerOptions } from './trainer_options.js'
