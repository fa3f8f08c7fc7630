import test from 'ava'
import { readFileSync } from 'node:fs'
import { median } from '../bench/statistics.js'
import type { Table } from '../lib/index.js'
import {
  adam,
  DatetimeEncoder,
  dense,
  Model,
  Network,
  OneHotEncoder,
  Pipeline,
  SimpleImputer,
  StandardScaler,
  Trainer,
} from '../lib/index.js'
import { distance, rounding } from './helpers/compare.js'
import { loadSurveys } from './helpers/surveys.js'

// Real rows of numbers, categories and dates, some of them missing, from CSV to accuracy, beside
// scikit-learn: test/fixtures/portal tells what they are.

const fixture = new URL('../../test/fixtures/portal/accuracies.json', import.meta.url)
const theirs = JSON.parse(readFileSync(fixture, 'utf8')) as {
  readonly settings: {
    readonly hidden_layer_sizes: readonly number[]
    readonly batch_size: number
    readonly learning_rate_init: number
    readonly max_iter: number
  }
  readonly accuracies: readonly number[]
  /** The first test rows as the network sees them. */
  readonly prepared: readonly (readonly number[])[]
}

const surveys = await loadSurveys()
const rows = Array.from({ length: surveys.rows }, (_, row) => row)
const train = surveys.subset(rows.filter((row) => row % 4 !== 0))
const tested = surveys.subset(rows.filter((row) => row % 4 === 0))

function makePipeline(dtype: 'float32' | 'float64'): Pipeline {
  const numbers = [
    new SimpleImputer({ strategy: 'median', addIndicator: true }),
    new StandardScaler(),
  ]
  const few = new OneHotEncoder({ handleUnknown: 'ignore' })
  return new Pipeline({
    columns: {
      hindfoot_length: numbers,
      weight: numbers,
      plot: few,
      plot_type: few,
      sex: few,
      date: [new DatetimeEncoder({ parts: ['year', 'dayOfYear'] }), new StandardScaler()],
    },
    target: 'species',
    dtype,
  })
}

test('rows of mixed types are prepared as scikit-learn prepares them', (t) => {
  const { data, shape } = makePipeline('float64').fit(train).features(tested)
  const first = [...data.subarray(0, theirs.prepared.length * shape[1])]
  t.true(distance(first, theirs.prepared.flat()) < rounding)
})

/** Share of the rows whose class is told rightly. */
function accuracy(model: Model, table: Table): number {
  const species = table.column('species')
  if (species.type !== 'category') throw new Error('no classes')
  const right = model
    .classify(table)
    .filter((name, row) => name === species.categories[species.codes[row] ?? -1])
  return right.length / table.rows
}

test('a network learns mixed types as well as scikit-learn, in the median of five seeds', async (t) => {
  const pipeline = makePipeline('float32')
  const data = pipeline.fitTransform(train)
  const { hidden_layer_sizes: units, batch_size: batchSize } = theirs.settings
  const accuracies: number[] = []
  for (const seed of [0, 1, 2, 3, 4]) {
    const network = new Network({
      inputs: data.features,
      layers: [...units.map((width) => dense(width, 'relu')), dense(data.classes, 'softmax')],
      seed,
    })
    const trainer = new Trainer(network, {
      loss: 'categoricalCrossentropy',
      optimizer: adam({ learningRate: theirs.settings.learning_rate_init }),
      batchSize,
      epochs: theirs.settings.max_iter,
      seed,
    })
    await trainer.fit(data)
    accuracies.push(accuracy(new Model(pipeline, network), tested))
  }
  t.log(`${accuracies.join(', ')}; scikit-learn: ${theirs.accuracies.join(', ')}`)
  t.true(median(accuracies) >= median([...theirs.accuracies]) - 0.01, accuracies.join(', '))
})
