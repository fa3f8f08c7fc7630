/** What is reported beside the loss; means over rows. */
export const metrics = {
  /** The share of rows whose class is predicted: the largest output, or with one output its side of 1/2. */
  accuracy: {},
} as const
/** The name of a metric. */
export type MetricName = keyof typeof metrics
