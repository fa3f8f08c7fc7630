import { checks } from './checks.js'
import { defaulted } from './option.js'

/**
 * Initial values of a layer's kernel, of shape (inputs, outputs), and of its biases; the numbers of
 * inputs and outputs are the layer's for both. U is uniform, N normal by mean and deviation.
 */
export const initializers = {
  /** 0 */
  zeros: {},
  /** 1 */
  ones: {},
  /** value */
  constant: {
    /** What every weight is, from -1e30 to 1e30. Default 0. */
    value: defaulted(0, checks.float),
  },
  /** U(low, high) */
  uniform: {
    /** One end of the interval, from -1e30 to 1e30. Default -0.05; 0 in PyTorch. */
    low: defaulted(-0.05, checks.float, { torch: 0 }),
    /** The other end, from -1e30 to 1e30. Default 0.05; 1 in PyTorch. */
    high: defaulted(0.05, checks.float, { torch: 1 }),
  },
  /** N(mean, stddev) */
  normal: {
    /** Mean, from -1e30 to 1e30. Default 0. */
    mean: defaulted(0, checks.float),
    /** Standard deviation, from 0 to 1e30. Default 0.05; 1 in PyTorch. */
    stddev: defaulted(0.05, checks.nonNegativeFloat, { torch: 1 }),
  },
  /** N(mean, stddev), without what is further than 2 stddev from the mean. */
  truncatedNormal: {
    /** Mean, from -1e30 to 1e30. Default 0. */
    mean: defaulted(0, checks.float),
    /** Standard deviation before the tails are cut, from 0 to 1e30. Default 0.05; 1 in PyTorch. */
    stddev: defaulted(0.05, checks.nonNegativeFloat, { torch: 1 }),
  },
  /** Uniform in +-sqrt(6 / (inputs + outputs)); Glorot and Bengio, 2010. */
  glorotUniform: {},
  /** Truncated normal, then of variance 2 / (inputs + outputs); Glorot and Bengio, 2010. */
  glorotNormal: {},
  /** Uniform in +-sqrt(6 / inputs); He et al., 2015. */
  heUniform: {},
  /** Truncated normal, then of variance 2 / inputs; He et al., 2015. */
  heNormal: {},
  /** Uniform in +-sqrt(3 / inputs); LeCun et al., 1998. */
  lecunUniform: {},
  /** Truncated normal, then of variance 1 / inputs; LeCun et al., 1998. */
  lecunNormal: {},
  /**
   * `gain` times a random matrix with orthonormal columns, or rows if it is wider than tall; biases
   * are a random direction. Takes time as inputs * outputs * the smaller of them. Saxe et al.,
   * 2014.
   */
  orthogonal: {
    /** Length of the columns or rows, from -1e30 to 1e30. Default 1. */
    gain: defaulted(1, checks.float),
  },
  /** Uniform in +-1 / sqrt(inputs): PyTorch's default, for kernels and biases. */
  torchUniform: {},
  /** Uniform in +-sqrt(factor / (inputs + outputs)): scikit-learn's, for kernels and biases. */
  sklearnUniform: {
    /** From 1e-30 to 1e30; scikit-learn takes 2 where the activation is 'logistic'. Default 6. */
    factor: defaulted(6, checks.positiveFloat),
  },
} as const
/** The name of an initializer. */
export type InitializerName = keyof typeof initializers
