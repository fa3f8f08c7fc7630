// Draws the pictures of the README: npm run pictures
import { URL } from 'node:url'
import {
  adam,
  dense,
  diagnose,
  gridSearch,
  loadDigits,
  logspace,
  Network,
  plot,
  sgd,
  spiral,
  Trainer,
} from '../dist/lib/index.js'

const folder = new URL('pictures/', import.meta.url)
const loss = 'categoricalCrossentropy'
const digits = await loadDigits()
const { train, dev, test } = digits.split(
  { train: 0.6, dev: 0.2, test: 0.2 },
  { seed: 0, stratify: true },
)

/** The lecture's network and its trainer. */
function lecture({ seed, epochs, learningRate = 0.1, l2 = 0 }) {
  const layers = [dense(100, 'sigmoid'), dense(50, 'sigmoid'), dense(10, 'softmax')]
  const network = new Network({ inputs: 64, layers, seed })
  const optimizer = sgd({ learningRate })
  return new Trainer(network, { loss, optimizer, metrics: ['accuracy'], l2, epochs, batchSize: 100, seed }) // prettier-ignore
}

const values = logspace(-5, 1, 7)
const grid = await gridSearch({
  grid: { learningRate: values, l2: values },
  data: digits.split({ train: 0.8, test: 0.2 }, { seed: 0, stratify: true }),
  build: (point, { seed }) => lecture({ ...point, seed, epochs: 100 }),
  epochs: 100,
  seed: 0,
})

const trainer = lecture({ seed: 0, epochs: 60 })
const history = await trainer.fit(train, { validation: { dev, test } })

const points = spiral({ rows: 600, noise: 0.05, seed: 0 })
const winding = new Network({
  inputs: 2,
  layers: [dense(32, 'tanh'), dense(32, 'tanh'), dense(2, 'softmax')],
  seed: 0,
})
await new Trainer(winding, {
  loss,
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 300,
  batchSize: 20,
  seed: 0,
}).fit(points)

const { network } = trainer
for (const [name, svg] of Object.entries({
  'grid-train': await grid.heatmap('train.accuracy', { title: 'Accuracy on the training set' }),
  'grid-test': await grid.heatmap('test.accuracy', { title: 'Accuracy on the test set' }),
  history: await plot.history(history),
  spiral: await plot.decisionBoundary(winding, points.slice(0, 190), {
    title: 'Two spirals',
    resolution: 60,
  }),
  diagnosis: await plot.diagnosis(await diagnose({ network, train, dev, test })),
}))
  await plot.write(svg, new URL(`${name}.svg`, folder))
