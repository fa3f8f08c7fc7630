import type {
  BatchReport,
  Callback,
  Dataset,
  DType,
  EpochReport,
  FitControl,
  History,
  Matrix,
  Scores,
} from '../../lib/index.js'
import { dense, earlyStopping, Network, Trainer } from '../../lib/index.js'
import type { Equal } from './equal.js'
import { is } from './equal.js'

// Types that follow from what is given: the network's type of number, metrics, validation sets.
// Nothing here is run.

export async function dtypes() {
  const single = new Network({ inputs: 1, layers: [dense(1)] })
  const double = new Network({ inputs: 1, layers: [dense(1)], dtype: 'float64' })
  is<Equal<typeof single, Network>>()
  is<Equal<typeof double, Network<'float64'>>>()
  const one = double.predict([[1]])
  is<Equal<typeof one, Matrix<Float64Array>>>()
  const other = await single.predictAsync([[1]])
  is<Equal<typeof other, Matrix<Float32Array>>>()
  const { parameters } = double.clone()
  is<Equal<typeof parameters, Float64Array>>()
  const [layer] = double.layers
  is<Equal<NonNullable<typeof layer>['kernel'], Matrix<Float64Array>>>()
  const loaded = await Network.load('file')
  is<Equal<typeof loaded, Network<DType>>>()
  const either = loaded.predict([[1]]).data
  is<Equal<typeof either, Float32Array | Float64Array>>()
  // @ts-expect-error -- a file may hold the other type
  const wrong: Network<'float64'> = loaded
  return wrong
}

export async function metrics(network: Network<'float64'>, data: Dataset) {
  const loss = 'categoricalCrossentropy'
  const none = await new Trainer(network, { loss, optimizer: 'sgd' }).evaluate(data)
  is<Equal<keyof typeof none, 'loss' | 'dataLoss' | 'penalty'>>()
  // @ts-expect-error -- not asked for
  none.accuracy

  const trainer = new Trainer(network, {
    loss,
    optimizer: 'sgd',
    metrics: ['accuracy', { name: 'topKAccuracy', k: 3 }, 'confusionMatrix'],
  })
  is<Equal<typeof trainer, Trainer<'accuracy' | 'topKAccuracy' | 'confusionMatrix'>>>()
  const scores = await trainer.evaluate(data)
  is<Equal<typeof scores.accuracy, number>>()
  is<Equal<typeof scores.topKAccuracy, number>>()
  is<Equal<typeof scores.confusionMatrix, readonly (readonly number[])[]>>()
  // @ts-expect-error -- not asked for
  scores.rocAuc
  const report = await trainer.partialFit(data)
  is<Equal<typeof report.accuracy, number>>()
  is<Equal<typeof report.validation, undefined>>()
  const { train } = report
  is<Equal<NonNullable<typeof train>['accuracy'], number>>()
}

type Asked = 'accuracy'
export async function validation(trainer: Trainer<Asked>, train: Dataset, test: Dataset) {
  const none = await trainer.fit(train)
  is<Equal<typeof none, History<Asked>>>()
  is<Equal<(typeof none.epochs)[number]['validation'], undefined>>()

  for await (const epoch of trainer.fit(train, { validation: test })) {
    is<Equal<typeof epoch, EpochReport<Asked, Dataset>>>()
    is<Equal<typeof epoch.validation, Scores<Asked>>>()
    // @ts-expect-error -- not asked for
    epoch.validation.f1
  }
  const { epochs } = await trainer.fit(train, { validation: { dev: test, trainDev: test } })
  const [first] = epochs
  is<Equal<keyof NonNullable<typeof first>['validation'], 'dev' | 'trainDev'>>()
  is<Equal<NonNullable<typeof first>['validation']['dev'], Scores<Asked>>>()
  // @ts-expect-error -- no set of that name
  first?.validation.test
  // @ts-expect-error -- a matrix is no Dataset
  trainer.fit(train, { validation: [[1]] })
  // @ts-expect-error -- no such option
  trainer.fit(train, { epoch: 3 })
  // @ts-expect-error -- a signal, not what makes one
  trainer.fit(train, { signal: new AbortController() })
}

export function callbacks(trainer: Trainer<Asked>, train: Dataset, test: Dataset) {
  trainer.fit(train, {
    validation: { dev: test },
    callbacks: [
      earlyStopping({ patience: 3 }),
      {
        onEpochEnd(report, fit) {
          is<Equal<typeof report.validation.dev, Scores<Asked>>>()
          is<Equal<typeof fit, FitControl>>()
          // @ts-expect-error -- not asked for
          report.validation.dev.recall
        },
        onBatchEnd(report) {
          is<Equal<typeof report, BatchReport>>()
          // @ts-expect-error -- batches have no metrics
          report.accuracy
        },
        async onFitEnd(fit) {
          await fit.network.save('file')
        },
      },
    ],
  })
  // @ts-expect-error -- not a hook
  const misspelt: Callback = { onEpochsEnd: () => undefined }
  // @ts-expect-error -- the score's name is a text
  earlyStopping({ monitor: 3 })
  return misspelt
}
