/// <reference types="node" preserve="true" />

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
export type { IdxArray, IdxData } from './data/idx.js'
export { readIdx } from './data/idx.js'
export type { JsonLinesOptions } from './data/json_lines.js'
export { readJsonLines, streamJsonLines } from './data/json_lines.js'
export { loadMnist } from './data/mnist.js'
export type { NpyArray } from './data/npy.js'
export { readNpy, readNpz } from './data/npy.js'
export type { ByteSource } from './data/source.js'
export type {
  CategoryColumn,
  Cell,
  Column,
  ColumnLike,
  DateColumn,
  NumberColumn,
} from './data/column.js'
export { Table } from './data/table.js'
export type { TableLike } from './data/table_like.js'
export { circles, gauss, moons, plane, spiral, xor } from './data/toys.js'
export type { DatasetOptions, Fold } from './dataset.js'
export { Dataset } from './dataset.js'
export type { ErrorCode, ErrorDetails } from './errors.js'
export { GemmnetError } from './errors.js'
export type {
  DiagnosedRows,
  DiagnosedSet,
  Diagnosis,
  DiagnosisOptions,
  Gap,
  MeasuredError,
} from './experiments/diagnosis.js'
export { diagnose } from './experiments/diagnosis.js'
export type { Distribution } from './experiments/distributions.js'
export { choice, integer, logUniform, uniform } from './experiments/distributions.js'
export type { Estimate } from './experiments/estimates.js'
export type { Experiment } from './experiments/experiment.js'
export type { GapName } from './experiments/gaps.js'
export { logspace } from './experiments/logspace.js'
export type {
  GridResult,
  HalvingResult,
  HalvingRound,
  HeatmapOptions,
  SearchResult,
  TrialRow,
} from './experiments/search_result.js'
export type {
  Grid,
  GridPoint,
  GridSearchOptions,
  HalvingSearchOptions,
  RandomSearchOptions,
  Space,
  SpacePoint,
} from './experiments/searches.js'
export { gridSearch, halvingSearch, randomSearch } from './experiments/searches.js'
export type {
  Build,
  BuildContext,
  Built,
  DataScores,
  DataSets,
  Trial,
} from './experiments/trial.js'
export type { ExperimentOptions } from './experiments/trial_runner.js'
export type {
  CrossValidationOptions,
  LearningCurveOptions,
  ValidationCurveOptions,
} from './experiments/validation.js'
export { crossValidate, learningCurve, validationCurve } from './experiments/validation.js'
export type {
  CrossValidationResult,
  CurvePoint,
  CurveResult,
  Spread,
  Spreads,
} from './experiments/validation_result.js'
export type { Callback, Fit, FitControl } from './fit.js'
export type { FitOptions, StreamOptions } from './fit_options.js'
export type { FilePath } from './formats/file.js'
export type { Layer } from './layer.js'
export type { LayerDescription, LayerSettings } from './layers.js'
export {
  activation,
  batchNorm,
  dense,
  dropout,
  embedding,
  gaussianNoise,
  layerNorm,
} from './layers.js'
export type {
  DType,
  FloatArray,
  IntegerArray,
  Labels,
  Matrix,
  MatrixLike,
  TypedArray,
} from './matrix.js'
export { Model } from './model.js'
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
  Categories,
  Conventions,
  DatetimeEncoderOptions,
  DenseOptions,
  EmbeddedColumn,
  EmbeddingOptions,
  ErrorMetric,
  FoldOptions,
  GradientCheckOptions,
  Initializer,
  InitializerName,
  LayerNormOptions,
  LayerType,
  LearningRate,
  LearningRateFunction,
  LossName,
  MetricName,
  MinMaxScalerOptions,
  OneHotEncoderOptions,
  OptimizerName,
  OrdinalEncoderOptions,
  ReadIdxOptions,
  ReadNpyOptions,
  RobustScalerOptions,
  RowKeys,
  RowTimes,
  Schedule,
  ScheduleName,
  ScheduleOptions,
  SimpleImputerOptions,
  SplitOptions,
  StandardScalerOptions,
  TableFoldOptions,
  TableSplitOptions,
  TableTimeSeriesOptions,
  TimeSeriesOptions,
  ToyOptions,
  TrainingPosition,
} from './options/index.js'
export * as plot from './plot/index.js'
export type { ColumnSteps, Steps } from './preparation/column_steps.js'
export type { Features } from './preparation/column_transformer.js'
export { DatetimeEncoder } from './preparation/datetime_encoder.js'
export { LabelEncoder } from './preparation/label_encoder.js'
export { MinMaxScaler } from './preparation/min_max_scaler.js'
export { OneHotEncoder } from './preparation/one_hot_encoder.js'
export { OrdinalEncoder } from './preparation/ordinal_encoder.js'
export { Pipeline } from './preparation/pipeline.js'
export type { InferenceOptions, PipelineOptions } from './preparation/pipeline_options.js'
export type { RawRows, Row } from './preparation/raw_rows.js'
export { RobustScaler } from './preparation/robust_scaler.js'
export { SimpleImputer } from './preparation/simple_imputer.js'
export { StandardScaler } from './preparation/standard_scaler.js'
export type { Transformer, TransformerClass } from './preparation/transformer.js'
export { registerTransformer } from './preparation/transformers.js'
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
export type { Preparation } from './stream/preparation.js'
export type { LabelledRows, StreamBlock, StreamRow, StreamSource } from './stream/source.js'
export { Trainer } from './trainer.js'
export type { ClassWeights, Loss, Metric, Phase, TrainerOptions } from './trainer_options.js'
