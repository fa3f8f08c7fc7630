export type { GeneralCallback, GeneralReport } from './callbacks.js'
export { csvLogger, earlyStopping, modelCheckpoint, reduceOnPlateau } from './callbacks.js'
export { toCategorical } from './categorical.js'
export type { CustomLoss, LossBatch, LossValue } from './custom_loss.js'
export { loadDigits } from './data/digits.js'
export type { IdxArray, IdxData, ReadIdxOptions } from './data/idx.js'
export { readIdx } from './data/idx.js'
export { loadMnist } from './data/mnist.js'
export type { Cell, Column, ColumnLike } from './data/table.js'
export { Table } from './data/table.js'
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
  RobustScalerOptions,
  Schedule,
  ScheduleName,
  ScheduleOptions,
  SimpleImputerOptions,
  SplitOptions,
  StandardScalerOptions,
  TrainingPosition,
} from './options/index.js'
export type { ColumnSteps, Steps } from './preparation/column_steps.js'
export type { Features } from './preparation/column_transformer.js'
export { DatetimeEncoder } from './preparation/datetime_encoder.js'
export { LabelEncoder } from './preparation/label_encoder.js'
export { MinMaxScaler } from './preparation/min_max_scaler.js'
export { OneHotEncoder } from './preparation/one_hot_encoder.js'
export type { EmbeddingColumn } from './preparation/ordinal_encoder.js'
export { OrdinalEncoder } from './preparation/ordinal_encoder.js'
export type { InferenceOptions, PipelineOptions } from './preparation/pipeline.js'
export { Pipeline } from './preparation/pipeline.js'
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
export type { FitOptions } from './trainer.js'
export { Trainer } from './trainer.js'
export type { ClassWeights, Loss, Metric, Phase, TrainerOptions } from './trainer_options.js'
