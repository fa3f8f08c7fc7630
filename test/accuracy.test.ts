import test from 'ava'
import { median } from '../bench/statistics.js'
import { loadMnist } from '../lib/index.js'
import type { DigitsSettings } from './helpers/accuracy.js'
import { digitsAccuracy, loadScaledDigits, mnistTrainer, splitDigits } from './helpers/accuracy.js'

// `npm run test:accuracy` is the longer version, which chooses the settings.

const settings: DigitsSettings = {
  widths: [256, 128],
  batchNorm: 'before',
  dropout: 0.3,
  noise: 0.1,
  learningRate: 0.01,
  epochs: 40,
}

test.serial(
  'Adam, batch normalization and dropout read digits, in the median of five',
  async (t) => {
    const digits = await loadScaledDigits()
    const accuracies = await Promise.all(
      [0, 1, 2, 3, 4].map((seed) => {
        const split = splitDigits(digits, seed)
        return digitsAccuracy(settings, split.train, split.test, seed)
      }),
    )
    t.true(median(accuracies) >= 0.98, accuracies.join(', '))
  },
)

test.serial('dropout and one cycle read MNIST after a few passes over a sixth of it', async (t) => {
  const mnist = await loadMnist()
  const train = mnist.train.slice(0, 10_000)
  const trainer = mnistTrainer(
    { inputDropout: 0.2, dropout: 0.3, learningRate: 0.003, batchSize: 128 },
    train,
    4,
    0,
  )
  const { epochs } = await trainer.fit(train, { evaluateTrain: true })
  const last = epochs.at(-1)
  t.true((last?.train?.loss ?? NaN) < (last?.loss ?? NaN), 'dropout is for training only')
  const { accuracy } = await trainer.evaluate(mnist.test)
  t.true(accuracy >= 0.95, `${accuracy}`)
})
