/** What a gap between the errors of two sets is called, and what people then try. */
export interface GapKind {
  readonly title: string
  readonly advice: readonly string[]
}

/** The gaps of a diagnosis: A. Ng, Machine Learning Yearning (2018), chapters 20 to 27, 40 to 43. */
export const gaps = {
  avoidableBias: {
    title: 'Avoidable bias',
    advice: [
      'a bigger network: more units, more layers',
      'longer training, a better optimizer or learning rate',
      'less regularization',
      'other features, or another architecture',
    ],
  },
  variance: {
    title: 'Variance',
    advice: [
      'more training data, or augmented data',
      'regularization: l2, dropout, early stopping',
      'fewer features, a smaller network, or another architecture',
    ],
  },
  dataMismatch: {
    title: 'Data mismatch',
    advice: [
      'looking at rows of dev that go wrong: what sets them apart from training rows?',
      'training data more like dev: collected, or synthesized',
      'some rows of the kind of dev among the training rows',
    ],
  },
  devOverfitting: {
    title: 'Overfitting to dev',
    advice: ['a bigger dev set', 'a fresh dev set: this one has been chosen by too often'],
  },
} as const satisfies Record<string, GapKind>

/** The name of a gap. */
export type GapName = keyof typeof gaps
