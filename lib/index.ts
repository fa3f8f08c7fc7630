export type { GeneralCallback, GeneralReport } from './callbacks.js'
export { csvLogger, earlyStopping, modelCheckpoint, reduceOnPlateau } from './callbacks.js'
export { toCategorical } from './categorical.js'
export type { CustomLoss, LossBatch, LossValue } from './custom_loss.js'
export { loadDigits } from './data/digits.js'
export type { IdxArray, IdxData, ReadIdxOptions } from './data/idx.js'
export { readIdx } from './data/idx.js'
export { loadMnist } from './data/mnist.js'
export type { DatasetOptions } from './dataset.js'
export { Dataset } from './dataset.js'
export type { ErrorCode, ErrorDetails } from './errors.js'
export { GemmnetError } from './errors.js'
export { logspace } from './experiments/logspace.js'
export type { Callback, Fit, FitControl } from './fit.js'
export type { FitOptions, StreamOptions } from './fit_options.js'
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
  Schedule,
  ScheduleName,
  ScheduleOptions,
  SplitOptions,
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
export type { Preparation } from './stream/preparation.js'
export type { LabelledRows, StreamBlock, StreamRow, StreamSource } from './stream/source.js'
export { Trainer } from './trainer.js'
export type { ClassWeights, Loss, Metric, Phase, TrainerOptions } from './trainer_options.js'
