import test from 'ava'
import { dense, gridSearch, loadDigits, logspace, Network, sgd, Trainer } from '../lib/index.js'

// The lecture's grid: 7 learning rates by 7 strengths of L2, 64-100-50-10, 100 epochs each.

const sanitized = (process.env.LD_PRELOAD ?? '') !== ''
const epochs = sanitized ? 2 : 100

test('the lecture’s grid reaches 97 %, and has the same bits one at a time', async (t) => {
  const digits = await loadDigits()
  const data = digits.split({ train: 0.8, test: 0.2 }, { seed: 0, stratify: true })
  const options = {
    grid: { learningRate: logspace(-5, 1, 7), l2: logspace(-5, 1, 7) },
    data,
    build: (
      { learningRate, l2 }: { readonly learningRate: number; readonly l2: number },
      { seed }: { readonly seed: number },
    ) => {
      const layers = [dense(100, 'sigmoid'), dense(50, 'sigmoid'), dense(10, 'softmax')]
      return new Trainer(new Network({ inputs: 64, layers, seed }), {
        loss: 'categoricalCrossentropy',
        optimizer: sgd({ learningRate }),
        metrics: ['accuracy'],
        l2,
        batchSize: 100,
        epochs,
        seed,
      })
    },
    keepNetworks: true,
  } as const
  const { trials, best } = await gridSearch(options)
  t.is(trials.length, 49)
  for (const { point, scores, error } of trials) {
    const accuracies = [scores?.train.accuracy, scores?.test.accuracy]
    const isScored = accuracies.every((accuracy = -1) => accuracy > 0 && accuracy <= 1)
    // A step of l2 multiplies every weight with 1 - 2 * learningRate * l2.
    t.true(isScored || (error !== undefined && point.learningRate * point.l2 > 1))
  }
  if (!sanitized) t.true((best?.scores?.test.accuracy ?? 0) >= 0.97)

  const { trials: oneByOne } = await gridSearch({ ...options, concurrency: 1 })
  for (const [i, trial] of oneByOne.entries()) {
    t.deepEqual(trial.scores, trials[i]?.scores)
    t.deepEqual(trial.network?.parameters, trials[i]?.network?.parameters)
  }
})
