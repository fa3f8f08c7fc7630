export { toCategorical } from './categorical.js'
export { loadDigits } from './data/digits.js'
export type { IdxArray, IdxData, ReadIdxOptions } from './data/idx.js'
export { readIdx } from './data/idx.js'
export { loadMnist } from './data/mnist.js'
export type { DatasetOptions } from './dataset.js'
export { Dataset } from './dataset.js'
export type { ErrorCode, ErrorDetails } from './errors.js'
export { GemmnetError } from './errors.js'
export { logspace } from './experiments/logspace.js'
export type {
  BatchReport,
  Callback,
  EpochReport,
  Fit,
  History,
  Scores,
  Validation,
  ValidationScores,
} from './fit.js'
export type { FilePath } from './formats/file.js'
export type { Layer } from './layer.js'
export type { DenseLayer, LayerDescription } from './layers.js'
export { dense } from './layers.js'
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
export { adam, gradientDescent, sgd } from './optimizers.js'
export type {
  ActivationName,
  Conventions,
  DenseOptions,
  GradientCheckOptions,
  InitializerName,
  LossName,
  MetricName,
  OptimizerName,
  SplitOptions,
} from './options/index.js'
export type { FitOptions, TrainerOptions } from './trainer.js'
export { Trainer } from './trainer.js'
