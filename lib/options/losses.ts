import { checks } from './checks.js'
import { defaulted } from './option.js'

/** An option of losses that scikit-learn does not have. */
const sumOutputs = () => defaulted(false, checks.boolean)
/** The same of losses that scikit-learn has: it adds up. */
const sumOutputsAsSklearn = () => defaulted(false, checks.boolean, { sklearn: true })
const labelSmoothing = () => defaulted(0, checks.fraction)
/** PyTorch holds logarithms at -100; scikit-learn clips at the epsilon of float64. */
const epsilon = () =>
  defaulted(1e-7, checks.clippingMargin, { torch: Math.exp(-100), sklearn: Number.EPSILON })

/**
 * Cost functions of outputs a and targets y, averaged over rows unless they say otherwise. Formulas
 * are Keras 3's. Class labels become one-hot targets, or 0 and 1 for a single output.
 */
export const losses = {
  /** Mean over outputs of (a - y)^2. */
  meanSquaredError: {
    /** Whether the outputs of a row are added up instead of averaged. Default false; true in scikit-learn. */
    sumOutputs: sumOutputsAsSklearn(),
    /** Whether the cost is half of it, so that its derivative is a - y. Default false; true in scikit-learn. */
    halved: defaulted(false, checks.boolean, { sklearn: true }),
  },
  /** Half the sum over rows and outputs of (a - y)^2: not averaged. */
  halfSquaredError: {},
  /** Mean over outputs of |a - y|. */
  meanAbsoluteError: {
    /** Whether the outputs of a row are added up instead of averaged. Default false. */
    sumOutputs: sumOutputs(),
  },
  /** Mean over outputs of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2, with e = a - y. */
  huber: {
    /** Error from which on the cost grows linearly, from 1e-30 to 1e30. Default 1. */
    delta: defaulted(1, checks.positiveFloat),
    /** Whether the outputs of a row are added up instead of averaged. Default false. */
    sumOutputs: sumOutputs(),
  },
  /** Mean over outputs of log(cosh(a - y)). */
  logCosh: {
    /** Whether the outputs of a row are added up instead of averaged. Default false. */
    sumOutputs: sumOutputs(),
  },
  /** The pinball loss: mean over outputs of max(quantile (y - a), (quantile - 1) (y - a)). */
  quantile: {
    /** Share of the targets that are to lie below the outputs, in (0, 1). Default 0.5, the median. */
    quantile: defaulted(0.5, checks.positiveFraction),
    /** Whether the outputs of a row are added up instead of averaged. Default false. */
    sumOutputs: sumOutputs(),
  },
  /** Mean over outputs of (log(1 + a) - log(1 + y))^2, where a and y below 1e-7 count as 1e-7. */
  meanSquaredLogarithmicError: {
    /** Whether the outputs of a row are added up instead of averaged. Default false. */
    sumOutputs: sumOutputs(),
  },
  /** Mean over outputs of a - y log(a + 1e-7), for a >= 0, such as those of an exponential. */
  poisson: {
    /** Whether the outputs of a row are added up instead of averaged. Default false; true in scikit-learn. */
    sumOutputs: sumOutputsAsSklearn(),
  },
  /** Sum over outputs of y log(y / a), where a and y are clipped to [1e-7, 1]. */
  klDivergence: {},
  /**
   * Mean over outputs of max(1 - y a, 0). Targets are -1 and 1; a target of 0 counts as -1, in each
   * row by itself (Keras converts only if all targets of a batch are 0 or 1).
   */
  hinge: {
    /** Whether the outputs of a row are added up instead of averaged. Default false. */
    sumOutputs: sumOutputs(),
  },
  /** Mean over outputs of max(1 - y a, 0)^2, with targets as those of `hinge`. */
  squaredHinge: {
    /** Whether the outputs of a row are added up instead of averaged. Default false. */
    sumOutputs: sumOutputs(),
  },
  /** max(1 + max of (1 - y) a - sum of y a, 0), over the outputs of a row; y are one-hot. */
  categoricalHinge: {},
  /**
   * Mean over outputs of -(y log a + (1 - y) log(1 - a)); labels are 0 and 1. After a sigmoid it is
   * computed from the logits, exactly and without clipping.
   */
  binaryCrossentropy: {
    /** Moves targets towards 1/2: y (1 - labelSmoothing) + labelSmoothing / 2; in [0, 1). Default 0. */
    labelSmoothing: labelSmoothing(),
    /** Outputs are clipped to [epsilon, 1 - epsilon] before logarithms, in [1e-45, 0.5). Default 1e-7; in PyTorch exp(-100), in scikit-learn 2^-52. */
    epsilon: epsilon(),
    /** Whether the outputs of a row are added up instead of averaged. Default false; true in scikit-learn. */
    sumOutputs: sumOutputsAsSklearn(),
  },
  /**
   * Sum over outputs of -y log(a / sum of a), which for a class label is -log a of that class. After
   * a softmax it is computed from the logits, exactly and without clipping.
   */
  categoricalCrossentropy: {
    /** Moves targets towards equal ones: y (1 - labelSmoothing) + labelSmoothing / outputs; in [0, 1). Default 0. */
    labelSmoothing: labelSmoothing(),
    /** Outputs are clipped to [epsilon, 1 - epsilon] before logarithms, in [1e-45, 0.5). Default 1e-7; in PyTorch exp(-100), in scikit-learn 2^-52. */
    epsilon: epsilon(),
  },
} as const
/** The name of a loss. */
export type LossName = keyof typeof losses
