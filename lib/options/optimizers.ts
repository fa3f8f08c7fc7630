import { checks, number } from './checks.js'
import type { Conventions } from './conventions.js'
import { defaulted } from './option.js'
import type { LearningRate } from './schedules.js'
import { checkLearningRate } from './schedules.js'

const learningRate = (value: number, conventional: Partial<Record<Conventions, number>> = {}) =>
  defaulted<LearningRate>(value, checkLearningRate, conventional)
const mostSteps = 1_000_000 // times the most parameters it is a number of elements still
const stepCount = number(
  `a positive integer of at most ${mostSteps}`,
  (value) => Number.isSafeInteger(value) && value > 0 && value <= mostSteps,
)
const weightDecay = defaulted(0, checks.nonNegative)
const beta1 = defaulted(0.9, checks.fraction)
const beta2 = defaulted(0.999, checks.fraction)
const epsilon = defaulted(1e-7, checks.positiveFloat, { torch: 1e-8, sklearn: 1e-8 })
const epsilonHat = defaulted(true, checks.boolean, { torch: false })
const rateInVelocity = defaulted(true, checks.boolean, { torch: false })

/**
 * Update rules of gradients g, each with its options. Two are not the rule's, and every rule has
 * them. `learningRate` is the step size: a number of at least 0, a schedule, or a function of the
 * position. `weightDecay`, at least 0, pulls all trainable weights, biases too, towards zero. In
 * Keras's conventions, and scikit-learn's, it is decoupled: `w -= learningRate * weightDecay * w`
 * before each step. In PyTorch's it is coupled, `g += weightDecay * w` after clipping, but for
 * adamw, where it is decoupled.
 */
export const optimizers = {
  /** w -= learningRate g, with one step an epoch, on the whole training set */
  gradientDescent: {
    /** Step size, at least 0. Default 0.01; in PyTorch's and scikit-learn's conventions 0.001. */
    learningRate: learningRate(0.01, { torch: 0.001, sklearn: 0.001 }),
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
  /** v = momentum v - learningRate g; w += v, or with nesterov w += momentum v - learningRate g */
  sgd: {
    /** Step size, at least 0. Default 0.01; in PyTorch's and scikit-learn's conventions 0.001. */
    learningRate: learningRate(0.01, { torch: 0.001, sklearn: 0.001 }),
    /** Share of the last velocity that is kept, in [0, 1). Default 0; scikit-learn 0.9. */
    momentum: defaulted(0, checks.fraction, { sklearn: 0.9 }),
    /** Nesterov's momentum. Default false; scikit-learn true. */
    nesterov: defaulted(false, checks.boolean, { sklearn: true }),
    /** Whether the velocity holds the rate; else v = momentum v + g; w -= learningRate v, or with nesterov learningRate (g + momentum v). They differ once the rate changes. Default true; PyTorch false. */
    rateInVelocity,
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
  /** s += g^2; w -= learningRate g / sqrt(s + epsilon) */
  adagrad: {
    /** Step size, at least 0. Default 0.001; PyTorch 0.01. */
    learningRate: learningRate(0.001, { torch: 0.01 }),
    /** What s begins with, at least 0. Default 0.1; PyTorch 0. */
    initialAccumulator: defaulted(0.1, checks.nonNegative, { torch: 0 }),
    /** Keeps the divisor from zero, from 1e-30 to 1e30. Default 1e-7; PyTorch 1e-10. */
    epsilon: defaulted(1e-7, checks.positiveFloat, { torch: 1e-10 }),
    /** Whether epsilon is under the root; else sqrt(s) + epsilon. Default true; PyTorch false. */
    epsilonInside: defaulted(true, checks.boolean, { torch: false }),
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
  /** v = rho v + (1 - rho) g^2; b = momentum b + learningRate g / sqrt(v + epsilon); w -= b */
  rmsprop: {
    /** Step size, at least 0. Default 0.001; PyTorch 0.01. */
    learningRate: learningRate(0.001, { torch: 0.01 }),
    /** Decay of the running mean of squared gradients, in [0, 1). Default 0.9; PyTorch 0.99. */
    rho: defaulted(0.9, checks.fraction, { torch: 0.99 }),
    /** Share of the last velocity that is kept, in [0, 1). Default 0. */
    momentum: defaulted(0, checks.fraction),
    /** Keeps the divisor from zero, from 1e-30 to 1e30. Default 1e-7; PyTorch 1e-8. */
    epsilon: defaulted(1e-7, checks.positiveFloat, { torch: 1e-8 }),
    /** Whether the square of the running mean of gradients is taken from v. Default false. */
    centered: defaulted(false, checks.boolean),
    /** Whether epsilon is under the root; else sqrt(v) + epsilon. Default true; PyTorch false. */
    epsilonInside: defaulted(true, checks.boolean, { torch: false }),
    /** Whether the velocity holds the rate; else w -= learningRate b. Default true; PyTorch false. */
    rateInVelocity,
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
  /** v = rho v + (1 - rho) g^2; d = g sqrt(u + epsilon) / sqrt(v + epsilon); u = rho u + (1 - rho) d^2; w -= learningRate d */
  adadelta: {
    /** Step size, at least 0. Default 0.001; PyTorch 1, as in the paper. */
    learningRate: learningRate(0.001, { torch: 1 }),
    /** Decay of the running means, in [0, 1). Default 0.95; PyTorch 0.9. */
    rho: defaulted(0.95, checks.fraction, { torch: 0.9 }),
    /** Added under both roots, from 1e-30 to 1e30. Default 1e-7; PyTorch 1e-6. */
    epsilon: defaulted(1e-7, checks.positiveFloat, { torch: 1e-6 }),
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
  /** m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v); w -= learningRate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt v + epsilon) */
  adam: {
    /** Step size, at least 0. Default 0.001. */
    learningRate: learningRate(0.001),
    /** Decay of the running mean of gradients, in [0, 1). Default 0.9. */
    beta1,
    /** Decay of the running mean of squared gradients, in [0, 1). Default 0.999. */
    beta2,
    /** Keeps the divisor from zero, from 1e-30 to 1e30. Default 1e-7; PyTorch and scikit-learn 1e-8. */
    epsilon,
    /** Whether the largest v so far takes v's place. Default false. */
    amsgrad: defaulted(false, checks.boolean),
    /** Whether epsilon is the paper's epsilon-hat, beside the root of v; else beside that of v / (1 - beta2^t). Default true; PyTorch false. */
    epsilonHat,
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
  /** adam with decoupled weight decay, in every convention */
  adamw: {
    /** Step size, at least 0. Default 0.001. */
    learningRate: learningRate(0.001),
    /** Decay of the running mean of gradients, in [0, 1). Default 0.9. */
    beta1,
    /** Decay of the running mean of squared gradients, in [0, 1). Default 0.999. */
    beta2,
    /** Keeps the divisor from zero, from 1e-30 to 1e30. Default 1e-7; PyTorch and scikit-learn 1e-8. */
    epsilon,
    /** Whether the largest v so far takes v's place. Default false. */
    amsgrad: defaulted(false, checks.boolean),
    /** Whether epsilon is the paper's epsilon-hat, beside the root of v; else beside that of v / (1 - beta2^t). Default true; PyTorch false. */
    epsilonHat,
    /** Decay of the weights, at least 0; see above. Default 0.004; PyTorch 0.01. */
    weightDecay: defaulted(0.004, checks.nonNegative, { torch: 0.01 }),
  },
  /** m as adam's; u = max(beta2 u, |g|); w -= learningRate / (1 - beta1^t) m / (u + epsilon) */
  adamax: {
    /** Step size, at least 0. Default 0.001; PyTorch 0.002. */
    learningRate: learningRate(0.001, { torch: 0.002 }),
    /** Decay of the running mean of gradients, in [0, 1). Default 0.9. */
    beta1,
    /** Decay of the running maximum of gradients, in [0, 1). Default 0.999. */
    beta2,
    /** Keeps the divisor from zero, from 1e-30 to 1e30. Default 1e-7; PyTorch 1e-8. */
    epsilon: defaulted(1e-7, checks.positiveFloat, { torch: 1e-8 }),
    /** Whether epsilon is in the maximum, max(beta2 u, |g| + epsilon). Default false; PyTorch true. */
    epsilonInside: defaulted(false, checks.boolean, { torch: true }),
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
  /** m and v as adam's; the momentum is mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2), and the step goes by mu_{t+1} m / (1 - mu_1...mu_{t+1}) + (1 - mu_t) g / (1 - mu_1...mu_t) */
  nadam: {
    /** Step size, at least 0. Default 0.001; PyTorch 0.002. */
    learningRate: learningRate(0.001, { torch: 0.002 }),
    /** What the momentum grows to, and decay of the running mean of gradients, in [0, 1). Default 0.9. */
    beta1,
    /** Decay of the running mean of squared gradients, in [0, 1). Default 0.999. */
    beta2,
    /** Added to the root of v / (1 - beta2^t), from 1e-30 to 1e30. Default 1e-7; PyTorch 1e-8. */
    epsilon: defaulted(1e-7, checks.positiveFloat, { torch: 1e-8 }),
    /** How fast the momentum grows, at least 0. Default 1; PyTorch 0.004, which is the paper's. */
    momentumDecay: defaulted(1, checks.nonNegative, { torch: 0.004 }),
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
  /** w -= s sign(g), where each weight's own s grows while g keeps its sign */
  rprop: {
    /** The first s, at least 0: what a schedule says later is not read. Default 0.01. */
    learningRate: learningRate(0.01),
    /** What s is multiplied with when g changes its sign, in (0, 1). Default 0.5. */
    stepDecrease: defaulted(0.5, checks.positiveFraction),
    /** What s is multiplied with when g keeps its sign, above 1. Default 1.2. */
    stepIncrease: defaulted(1.2, checks.aboveOne),
    /** The least s, positive. Default 1e-6. */
    minimumStep: defaulted(1e-6, checks.positive),
    /** The largest s, positive. Default 50. */
    maximumStep: defaulted(50, checks.positive),
    /** Decay of the weights, at least 0; see above. Default 0. */
    weightDecay,
  },
} as const

/** Rules that look at the whole training set and choose their steps themselves, with their options. */
export const quasiNewton = {
  /** w -= step H g, where the dense matrix H learns the inverse of the second derivatives */
  bfgs: {
    /** Training ends when no part of the gradient is larger, at least 0. Default 1e-8. */
    gradientTolerance: defaulted(1e-8, checks.nonNegative),
    /** Most evaluations of the loss in the line search of an iteration, a positive integer. Default 20. */
    maximumEvaluations: defaulted(20, checks.positiveInteger),
  },
  /** bfgs with H made of the last steps only */
  lbfgs: {
    /** Steps that are remembered, a positive integer of at most 1000000. Default 10; PyTorch 100. */
    history: defaulted(10, stepCount, { torch: 100 }),
    /** Training ends when no part of the gradient is larger, at least 0. Default 1e-8; PyTorch 1e-7, scikit-learn 1e-4. */
    gradientTolerance: defaulted(1e-8, checks.nonNegative, { torch: 1e-7, sklearn: 1e-4 }),
    /** Most evaluations of the loss in the line search of an iteration, a positive integer. Default 20. */
    maximumEvaluations: defaulted(20, checks.positiveInteger),
  },
  /** (J'J + mu I) p = -J'r; w += p and half its acceleration, for losses that are sums of squares of r */
  levenbergMarquardt: {
    /** The first mu, positive. Default 1e-3. */
    mu: defaulted(1e-3, checks.positive),
    /** The most that mu is multiplied with when a step makes the loss larger, above 1. Default 10. */
    muIncrease: defaulted(10, checks.aboveOne),
    /** The least that mu is multiplied with after a step that makes the loss smaller, in (0, 1). Default 0.1. */
    muDecrease: defaulted(0.1, checks.positiveFraction),
    /** Training ends when mu grows beyond it, positive. Default 1e10. */
    maximumMu: defaulted(1e10, checks.positive),
    /** Training ends when no part of the gradient is larger, at least 0. Default 1e-10. */
    gradientTolerance: defaulted(1e-10, checks.nonNegative),
  },
} as const

/** The name of an update rule of gradients. */
export type GradientOptimizerName = keyof typeof optimizers
/** The name of a rule that chooses its steps itself. */
export type QuasiNewtonName = keyof typeof quasiNewton
/** The name of an optimizer. */
export type OptimizerName = GradientOptimizerName | QuasiNewtonName
