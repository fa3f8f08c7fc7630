/** Initial values of weights. */
export const initializers = {
  /** 0 */
  zeros: {},
  /** Uniform in +-sqrt(6 / (inputs + outputs)); Glorot and Bengio, 2010. */
  glorotUniform: {},
} as const
/** The name of an initializer. */
export type InitializerName = keyof typeof initializers
